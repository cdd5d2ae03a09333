"""``python -m tts_pipeline``: the command ``tts-pipeline``."""

import sys

from tts_pipeline.cli import main

# A worker process imports this module again, under another name.
if __name__ == "__main__":
    sys.exit(main())
