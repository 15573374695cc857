"""`stillwave config`: a radar configuration read, judged and converted; no part of firmware or simulator is used for it."""
