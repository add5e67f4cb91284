"""What a program from a file may call: functions of tensors and of whole numbers, nothing else.

Named one by one, since torch's own operators include some that open files (`from_file`), that point
into memory (`set_`) or that skip their checks (most that begin with an underscore).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Without the underscore at the end of those that work in place.
ATEN = _words(
    """
    abs absolute acos acosh adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
    adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d add addbmm addcdiv addcmul addmm
    addmv addr adjoint affine_grid_generator alias alpha_dropout amax amin aminmax angle any all
    arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort argwhere
    as_strided asin asinh atan atan2 atanh atleast_1d atleast_2d atleast_3d avg_pool1d avg_pool2d
    avg_pool3d baddbmm batch_norm bilinear bitwise_and bitwise_left_shift bitwise_not bitwise_or
    bitwise_right_shift bitwise_xor block_diag bmm broadcast_tensors broadcast_to bucketize cat
    cdist ceil celu channel_shuffle chunk clamp clamp_max clamp_min clip clone col2im column_stack
    complex concat concatenate conj constant_pad_nd contiguous conv1d conv2d conv3d
    conv_transpose1d conv_transpose2d conv_transpose3d convolution copy copysign cos cosh
    cosine_similarity cross cummax cummin cumprod cumsum deg2rad det detach detach_copy diag
    diag_embed diagonal diagonal_copy diff dist div divide dot dropout dsplit dstack einsum elu
    embedding empty empty_like empty_permuted eq equal erf erfc erfinv exp exp2 expand expand_as
    expand_copy expm1 eye feature_alpha_dropout feature_dropout fft_fft fft_fft2 fft_fftn
    fft_fftshift fft_ifft fft_ifft2 fft_ifftn fft_ifftshift fft_irfft fft_irfft2 fft_irfftn fft_rfft
    fft_rfft2 fft_rfftn fill fix flatten flip fliplr flipud float_power floor floor_divide fmax fmin
    fmod frac full full_like gather ge gelu glu greater greater_equal grid_sampler grid_sampler_2d
    grid_sampler_3d group_norm gru gt hardshrink hardsigmoid hardswish hardtanh heaviside hsplit
    hstack hypot im2col index index_add index_copy index_fill index_put index_select inner
    instance_norm inverse isclose isfinite isinf isnan item kron kthvalue layer_norm ldexp le
    leaky_relu lerp less less_equal lift_fresh lift_fresh_copy linalg_cross linalg_matrix_norm
    linalg_norm linalg_vector_norm linear linspace log log10 log1p log2 log_sigmoid
    log_sigmoid_forward log_softmax logaddexp logaddexp2 logcumsumexp logical_and logical_not
    logical_or logical_xor logit logsumexp lstm lt mH mT masked_fill masked_scatter masked_select
    matmul max max_pool1d max_pool2d max_pool2d_with_indices max_pool3d max_unpool2d maximum mean
    median meshgrid min minimum mish mm moveaxis movedim msort mul multiply mv nan_to_num nanmean
    nansum narrow narrow_copy native_batch_norm native_channel_shuffle native_dropout
    native_group_norm native_layer_norm ne neg negative new_empty new_full new_ones new_zeros
    nonzero norm not_equal numel one_hot ones ones_like outer pad pairwise_distance permute
    permute_copy pixel_shuffle pixel_unshuffle polar positive pow prelu prod rad2deg ravel real
    reciprocal reflection_pad1d reflection_pad2d reflection_pad3d relu relu6 remainder renorm repeat
    repeat_interleave replication_pad1d replication_pad2d replication_pad3d reshape reshape_as
    rms_norm roll rot90 round rrelu rsqrt rsub scalar_tensor scaled_dot_product_attention scatter
    scatter_add scatter_reduce searchsorted select select_copy select_scatter selu sgn sigmoid sign
    signbit silu sin sinc sinh slice slice_copy slice_scatter softmax softplus softshrink sort
    special_erf special_erfc special_expit special_expm1 special_gammaln split split_copy
    split_with_sizes split_with_sizes_copy sqrt square squeeze squeeze_copy stack std std_mean sub
    subtract sum sum_to_size swapaxes swapdims sym_numel sym_size sym_storage_offset sym_stride t
    take take_along_dim tan tanh tensor_split tensordot threshold tile to to_dense topk trace
    transpose transpose_copy tril true_divide trunc type_as triu unbind unbind_copy unflatten unfold
    unfold_copy unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze unsqueeze_copy
    upsample_bicubic2d upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d
    upsample_nearest3d upsample_trilinear3d var var_mean vdot view view_as view_as_complex
    view_as_real view_copy vsplit vstack where xlogy zero zeros zeros_like imag
    _adaptive_avg_pool2d _adaptive_avg_pool3d _local_scalar_dense _log_softmax
    _native_batch_norm_legit _native_batch_norm_legit_functional
    _native_batch_norm_legit_no_training _prelu_kernel _safe_softmax
    _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_attention_math _softmax
    _to_copy _trilinear _unsafe_index _unsafe_view _upsample_bicubic2d_aa _upsample_bilinear2d_aa
    _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d _weight_norm
    """
)
TORCHVISION = frozenset({"deform_conv2d", "nms", "ps_roi_align", "ps_roi_pool", "roi_align"})
# They check what the exporter assumed of sizes; a size that does not fit fails anyway, or is told
# before the program runs.
CHECKS = _words(
    """
    _assert_scalar _assert_async _assert_tensor_metadata sym_constrain_range
    sym_constrain_range_for_size _functional_assert_async _functional_assert_scalar
    _functional_sym_constrain_range _functional_sym_constrain_range_for_size
    """
)
LARGEST_NUMBER = 2**53


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > 64:
        raise ValueError("a size is raised to a power beyond all measure")
    return float(base**exponent) if exponent < 0 else base**exponent


_NUMBERS: dict[str, Callable[..., Any]] = {
    **{
        f"_operator.{name}": getattr(operator, name)
        for name in _words(
            "add sub mul floordiv truediv mod neg pos abs eq ne lt le gt ge and_ or_ not_"
        )
    },
    "_operator.pow": _power,
    "torch.sym_int": int,
    "torch.sym_float": float,
    "torch.sym_not": operator.not_,
    "torch.sym_max": max,
    "torch.sym_min": min,
    "torch.sym_sum": sum,
    "torch.sym_ite": lambda condition, yes, no: yes if condition else no,
    "torch._sym_sqrt": math.sqrt,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
    "math.sqrt": math.sqrt,
    "_operator.round": round,
}


def function_of(target: str) -> Callable[..., Any] | None:
    """Return what a program calls by this name, or None if it may not."""
    if target in _NUMBERS:
        return _of_numbers(_NUMBERS[target])
    space, _, rest = target.removeprefix("torch.ops.").partition(".")
    packet, _, overload = rest.partition(".")
    allowed = {"aten": ATEN, "torchvision": TORCHVISION}.get(space, frozenset())
    if not target.startswith("torch.ops.") or _plain(packet) not in allowed:
        return None
    return _operator(space, packet, overload)


def is_check(target: str) -> bool:
    """Whether this only checks sizes and values."""
    space, _, rest = target.removeprefix("torch.ops.").partition(".")
    return space == "aten" and rest.partition(".")[0] in CHECKS


def _plain(packet: str) -> str:
    return packet.removesuffix("_")


def _operator(space: str, packet: str, overload: str) -> Callable[..., Any] | None:
    import torch
    import torchvision  # noqa: F401 - registers its operators

    found = getattr(getattr(getattr(torch.ops, space), packet, None), overload, None)
    if not isinstance(found, torch._ops.OpOverload):
        return None
    kinds = {str(argument.type) for argument in found._schema.arguments}
    return found if not kinds & {"Storage", "Stream"} else None


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*values: Any) -> Any:  # noqa: ANN401 - a number of any kind
        flat = [v for value in values for v in (value if isinstance(value, list) else [value])]
        if not all(isinstance(value, (bool, int, float)) for value in flat):
            raise TypeError("a size is no number")
        result = function(*values)
        if abs(result) > LARGEST_NUMBER:
            raise ValueError(f"a size is {result:g}")
        return result

    return checked
