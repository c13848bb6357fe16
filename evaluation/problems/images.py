"""Sets of grey-scale images, read from a folder or a NumPy archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from evaluation.digest import Json
from evaluation.problems.arrays import read_arrays
from evaluation.problems.described import FromFile, content_digest
from genome import InputError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
"""Files of a folder that are taken for images; others are left alone."""

_FORMATS = ("BMP", "JPEG", "PNG", "TIFF")
"""Those of the suffixes: of others, Pillow hands some to programs of the machine, whatever the suffix."""

Image = NDArray[np.uint8]


@final
class ImageSet(FromFile):
    """Grey-scale images of 8 bits, in a fixed order.

    Args:
        images: each ``(height, width)``, uint8.
        path: the folder or archive that they were read from.

    Raises:
        InputError: there is no image, or one is not such a matrix.
    """

    kind = "images"

    def __init__(self, images: Sequence[Image], path: Path | None = None) -> None:
        self.path = path
        self.images = tuple(images)
        if not self.images:
            raise InputError("A set of images must hold at least one image, got none.")
        for index, image in enumerate(self.images):
            if image.ndim != 2 or image.dtype != np.uint8 or 0 in image.shape:
                raise InputError(
                    f"An image must be grey-scale, uint8 of shape (height, width), "
                    f"got {image.dtype} of shape {image.shape} for image {index}."
                )
        self._sha256 = content_digest({f"{index:08d}": image for index, image in enumerate(self.images)})

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read the images of a folder in the order of their names, or those of an archive.

        Of a folder, the files in it with a name in ``SUFFIXES`` are read. An image is grey-scale with one
        channel of 8 bits, or with a palette or three channels where red, green and blue are the same at every
        pixel; the grey value is theirs. An archive ``.npz`` holds ``images``, uint8 of shape (count, height,
        width).

        Raises:
            InputError: nothing is there, no image, or one that cannot be read or is not grey-scale; the
                message names the file.
        """
        path = Path(path)
        if path.suffix == ".npz":
            stack = read_arrays(path, ("images",), "Image file")["images"]
            if stack.ndim != 3 or stack.dtype != np.uint8:
                raise InputError(
                    f"Image file {path} must hold uint8 images of shape (count, height, width), "
                    f"got {stack.dtype} of shape {stack.shape}."
                )
            return cls(list(stack), path)
        if not path.is_dir():
            raise InputError(f"Images must be in a folder or an .npz file, got neither at {path}.")
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        if not files:
            raise InputError(f"An image folder must hold {', '.join(SUFFIXES)} files, got none in {path}.")
        return cls([_read(file) for file in files], path)

    def to_dict(self) -> dict[str, Json]:
        """Digest of the pixels, and the number of images."""
        return {"kind": self.kind, "sha256": self._sha256, "count": len(self.images)}

    def check_size(self, side: int) -> None:
        """Refuse images that do not hold a square of this side.

        Raises:
            InputError: an image is too small; the message names the first.
        """
        for index, image in enumerate(self.images):
            if min(image.shape) < side:
                place = f" of {self.path}" if self.path else ""
                raise InputError(
                    f"An image must be at least {side} pixels high and wide, got {image.shape[0]} x "
                    f"{image.shape[1]} for image {index}{place}."
                )


def _read(file: Path) -> Image:
    from PIL import Image as Pillow

    try:
        with Pillow.open(file, formats=_FORMATS) as image:
            mode, frames = image.mode, getattr(image, "n_frames", 1)
            channels = np.asarray(image.convert("RGB") if mode == "P" else image)
    # Pillow raises SyntaxError for some broken files.
    except (OSError, ValueError, SyntaxError, EOFError, Pillow.DecompressionBombError) as error:
        raise InputError(f"Image {file} must be readable: {error}.") from None
    if mode not in {"L", "P", "RGB"} or frames != 1:
        raise InputError(
            f"Image {file} must be one grey-scale picture of 8 bits, got {frames} of mode {mode}."
        )
    if channels.ndim == 3:
        if (channels != channels[:, :, :1]).any():
            raise InputError(f"Image {file} must be grey-scale, got colours.")
        channels = channels[:, :, 0]
    return np.ascontiguousarray(channels, dtype=np.uint8)
