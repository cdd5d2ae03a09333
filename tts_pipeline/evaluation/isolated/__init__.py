"""Words, letters, digits and names said alone: are they understood?"""
