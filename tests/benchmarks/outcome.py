"""What a cell of the benchmark found out, told to whoever started its process."""

import json
import os
import sys


def tell(figures):
    """Print `figures` and end this process at once, whatever else it is doing."""
    print(json.dumps(figures))
    sys.stdout.flush()
    os._exit(0)
