"""Text to tokens: what is written, what is said, how it sounds.

``frontend.EnglishFrontEnd`` is the way in. It reads mark-up (``script``, ``ssml``, ``say_as``),
lets ``normalise`` turn written English into spoken words, pronounces each (``pronounce``:
``user_lexicon``, ``lexicon``, ``morphology``, ``oov`` with ``rescore``; in context ``homographs``
and ``function_words``), and hands on ``protocol.Sentence`` in the alphabet of ``symbols``
(``assemble``, ``direct``). ``explain`` shows every step. Nothing here needs torch.
"""
