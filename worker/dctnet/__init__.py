"""DCT-Net: the portrait compound of two White-box U-Nets, in nine steps, and its converter.

Men et al., "DCT-Net: Domain-Calibrated Translation for Portrait Stylization", 2022. The steps are
those of image_cartoon_pipeline.py of github.com/modelscope/modelscope (Apache-2.0), written anew.
"""
