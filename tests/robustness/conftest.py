from tests.attacked_digits import ground

__all__ = ["ground"]
