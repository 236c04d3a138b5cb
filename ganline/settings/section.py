"""What all sections of params.yaml are made of: strict values that fit the 32 bits in which devices compute."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
LARGEST_FLOAT = (2 - 2**-23) * 2.0**127
LARGEST_INT = 2**31 - 1


class Section(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are errors, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    @field_validator("*")
    @classmethod
    def _fits_32_bits(cls, value: Any) -> Any:
        """Refuse numbers that become others on a device, which computes in 32 bits; infinity and NaN are none."""
        if isinstance(value, float) and not abs(value) <= LARGEST_FLOAT:
            raise ValueError(f"allowed is a number of at most {LARGEST_FLOAT:.3g} (float32)")
        if isinstance(value, int) and abs(value) > LARGEST_INT:
            raise ValueError(f"allowed is an integer of at most {LARGEST_INT} (32 bits)")
        return value
