"""DiscoGAN (Kim et al. 2017) as The GAN Book has it: CycleGAN's step with other weights and networks."""

from ganline.models.translation.cyclegan import UNet


class DiscoGAN(UNet):
    """DiscoGAN of The GAN Book (Chaudhary 2024, Skill 9), male and female faces: wide U-Nets of 7 levels.

    Its losses are CycleGAN's with the weights of the preset: what comes back, and the unpaired difference to a random
    picture of the target domain. Images are squares whose side is a multiple of 16; 128 pixels have the document's
    levels.
    """

    size_multiple = 16
    encoder = (64, 128, 256, 512, 512, 512)
    bottleneck = 512
    decoder = (512, 512, 512, 256, 128, 64)
    judge_widths = (64, 128, 256, 512)
