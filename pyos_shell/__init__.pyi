from .embedded import embed as embed
from .embedded import listen as listen

__all__ = ["embed", "listen"]
