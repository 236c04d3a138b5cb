"""The measures of outputs against their true partners."""

from ganline.metrics import l1, lpips, pair_ms_ssim, psnr, ssim

MEASURES = (l1.MEASURE, psnr.MEASURE, ssim.MEASURE, pair_ms_ssim.MEASURE, lpips.MEASURE)
