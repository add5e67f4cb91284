"""Array types that every room shares. H, W are pixels of the image, h, w cells of the mask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
IndexArray = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
