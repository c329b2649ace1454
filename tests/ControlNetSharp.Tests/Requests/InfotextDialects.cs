namespace ControlNetSharp.Tests.Requests;

/// <summary>
/// Infotexts as programs write them, with what is made of each: the request's values, then the keys of what is lost. Prompts and
/// names are made up; keys, order and spelling are those of the programs.
/// </summary>
internal static class InfotextDialects
{
    public static IReadOnlyList<(string Name, string Text, string Expected)> All { get; } =
    [
        (
            "A1111 of 2022",
            """
            girl with a beret, determined, blue eyes, ((eyeshadow)), intricate
            Negative prompt: ugly, fat, (((deformed))), [blurry], (extra_limb)
            Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, Model hash: 45dee52b
            """,
            """
            45dee52b, vae own, size 512x512, 20 Euler a automatic, cfg 7, seed 965400086, skip -
            """),
        (
            "A1111 of 2022, highres fix of that time",
            """
            a castle on a hill
            Steps: 24, Sampler: DPM++ 2M Karras, CFG scale: 10, Seed: 1140782193, Size: 1024x1536, Model hash: cc44dbff, Model: orange, Denoising strength: 0.45, First pass size: 512x768
            """,
            """
            orange [cc44dbff], vae own, size 512x768, 24 DPM++ 2M karras, cfg 10, seed 1140782193, skip -
            hires 1024x1536, denoise 0.45, steps -, latent
            """),
        (
            "A1111 of 2022, sizes of the first pass left to the program",
            """
            a castle on a hill
            Steps: 24, Sampler: Euler, CFG scale: 10, Seed: 5, Size: 1024x512, Model hash: cc44dbff, Denoising strength: 0.45, ENSD: 31337, First pass size: 0x0
            """,
            """
            cc44dbff, vae own, size 768x384, 24 Euler automatic, cfg 10, seed 5, skip -
            hires 1024x512, denoise 0.45, steps -, latent
            lost ENSD 31337: there is nothing like it here.
            """),
        (
            "A1111 1.6, second pass",
            """
            a man, smirk, <lora:hat:1> (hat:1.5)
            Negative prompt: EasyNegative, bad-hands-5
            Steps: 30, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 3593958495, Size: 512x768, Model hash: df5522b823, Model: chilled_v1vae, VAE hash: 551eac7037, VAE: vae-ft-mse-840000-ema-pruned.ckpt, Denoising strength: 0.7, Clip skip: 2, ControlNet: "preprocessor: tile_resample, model: control_v11f1e_sd15_tile [a371b31b], weight: 1, starting/ending: (0, 1), resize mode: Crop and Resize, pixel perfect: False, control mode: Balanced, preprocessor params: (512, 1, 64)", Hires upscale: 2, Hires upscaler: R-ESRGAN 4x+, Lora hashes: "hat: 8ccb2b9adc0a", Version: v1.6.0
            """,
            """
            chilled_v1vae [df5522b823], vae vae-ft-mse-840000-ema-pruned.ckpt [551eac7037], size 512x768, 30 DPM++ 2M karras, cfg 7, seed 3593958495, skip 2
            hires 1024x1536, denoise 0.7, steps -, R-ESRGAN 4x+
            ControlNet: tile by tile_resample, control_v11f1e_sd15_tile [a371b31b], 1 in 0..1, Balanced, Crop, Both, at 512
            lora hat [8ccb2b9adc0a]
            lost ControlNet preprocessor: tile_resample, model: control_v11f1e…: its picture is not in the text.
            """),
        (
            "A1111 1.10, all that is understood",
            """
            a red fox in snow, <lora:snow:0.8>
            Negative prompt: blurry
            Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234, Size: 640x448, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, VAE hash: c6a580b13a, VAE: vae-ft-mse.safetensors, Denoising strength: 0.55, Clip skip: 2, RNG: CPU, Tiling: True, Hires upscale: 1.5, Hires steps: 10, Hires upscaler: Latent (nearest), Lora hashes: "snow: 0123456789ab, ice: ba9876543210", TI hashes: "EasyNegative: 66a7279a88dd", Version: v1.10.1
            """,
            """
            v1-5-pruned-emaonly [6ce0161689], vae vae-ft-mse.safetensors [c6a580b13a], size 640x448, 20 DPM++ 2M karras, cfg 6.5, seed 1234, skip 2, tiling, same noise
            hires 960x672, denoise 0.55, steps 10, latent-nearest
            lora snow [0123456789ab]
            lora ice [ba9876543210]
            embedding EasyNegative [66a7279a88dd]
            """),
        (
            "A1111 1.10, schedule left to the program",
            """
            a red fox
            Steps: 20, Sampler: DPM++ 2M, Schedule type: Automatic, CFG scale: 7.0, Seed: 1234, Size: 512x512, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 1.0, Resize Mode: Crop and Resize, Processor Res: 512, Threshold A: 100.0, Threshold B: 150.0, Guidance Start: 0.0, Guidance End: 1.0, Pixel Perfect: False, Control Mode: Balanced", Version: v1.10.1
            """,
            """
            v1-5-pruned-emaonly [6ce0161689], vae own, size 512x512, 20 DPM++ 2M automatic, cfg 7, seed 1234, skip -
            ControlNet 0: canny by canny, control_v11p_sd15_canny [d14c016b], 1 in 0..1, Balanced, Crop, Both, at 512, high 150
            lost ControlNet 0 Module: canny, Model: control_v11p_sd15_canny [d14…: its picture is not in the text.
            """),
        (
            "A1111 1.10, second pass with everything of its own",
            """
            a red fox
            Steps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 1234, Size: 512x512, Model hash: 6ce0161689, Model: m, Denoising strength: 0.5, Hires prompt: "a red fox, sharp", Hires negative prompt: bad, Hires CFG scale: 5, Hires sampler: DPM++ 2M, Hires schedule type: Karras, Hires checkpoint: other [0123456789], Hires resize: 768x1024, Hires steps: 15, Hires upscaler: 4x-UltraSharp, Version: v1.10.1
            """,
            """
            m [6ce0161689], vae own, size 512x512, 20 Euler a automatic, cfg 7, seed 1234, skip -
            hires 512x512, denoise 0.5, steps 15, 4x-UltraSharp
            lost Hires prompt a red fox, sharp: must be that of the first pass.
            lost Hires negative prompt bad: must be that of the first pass.
            lost Hires CFG scale 5: must be that of the first pass.
            lost Hires sampler DPM++ 2M: must be that of the first pass.
            lost Hires schedule type Karras: must be that of the first pass.
            lost Hires checkpoint other [0123456789]: must be that of the first pass.
            lost Hires resize 768x1024: the second pass must have the shape of the first, 512x512.
            """),
        (
            "A1111 1.10, second pass with the same of all",
            """
            a red fox
            Steps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 1234, Size: 512x768, Model hash: 6ce0161689, Model: m, Denoising strength: 0.5, Hires prompt: a red fox, Hires CFG scale: 7.0, Hires sampler: Euler a, Hires resize: 1000x1500, Hires steps: 0, Hires upscaler: None, Version: v1.10.1
            """,
            """
            m [6ce0161689], vae own, size 512x768, 20 Euler a automatic, cfg 7, seed 1234, skip -
            hires 1000x1496, denoise 0.5, steps -, lanczos
            """),
        (
            "A1111 1.10, inpainting",
            """
            a red sofa
            Steps: 30, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 77, Size: 512x512, Model hash: c6bbc15e32, Model: sd-v1-5-inpainting, Denoising strength: 0.75, Conditional mask weight: 1.0, Mask blur: 4, Inpaint area: Only masked, Masked area padding: 32, Masked content: latent noise, Version: v1.10.1
            """,
            """
            sd-v1-5-inpainting [c6bbc15e32], vae own, size 512x512, 30 Euler a automatic, cfg 7, seed 77, skip -
            lost Denoising strength 0.75: belongs to a picture to start from, which is not in the text.
            lost Conditional mask weight 1.0: belongs to a picture to start from, which is not in the text.
            lost Mask blur 4: belongs to a picture to start from, which is not in the text.
            lost Inpaint area Only masked: belongs to a picture to start from, which is not in the text.
            lost Masked area padding 32: belongs to a picture to start from, which is not in the text.
            lost Masked content latent noise: belongs to a picture to start from, which is not in the text.
            """),
        (
            "A1111, all that goes another way",
            """
            a face
            Steps: 25, Sampler: DPM++ SDE, Schedule type: Turbo, CFG scale: 0.5, Seed: -1, Face restoration: CodeFormer, Size: 520x5000, Model hash: 6ce0161689, Model: m, Variation seed: 12, Variation seed strength: 0.2, Clip skip: 15, ENSD: 31337, Token merging ratio: 0.9, RNG: NV, Eta: 0.67, Refiner: sd_xl_refiner [7440042bbd], Refiner switch at: 0.8, ADetailer model: face_yolov8n.pt, ADetailer prompt: "a face, sharp", ADetailer version: 24.1.2, Version: v1.10.1
            """,
            """
            m [6ce0161689], vae own, size -, 25 Euler automatic, cfg -, seed -, skip -
            lost Sampler DPM++ SDE: there is no such sampler; must be one of DPM++ 2M, DPM++ 2M SDE, Euler a, Euler, Heun, DDIM, PLMS, UniPC, LCM, TCD, DDPM.
            lost Schedule type Turbo: there is no such scheduler; must be one of automatic, uniform, karras, exponential, polyexponential, sgm_uniform, kl_optimal, align_your_steps, align_your_steps_xl, beta, simple, normal, ddim, trailing, ldm, lcm.
            lost CFG scale 0.5: must be a number from 1 to 30.
            lost Seed -1: means any seed: the picture will be another one.
            lost Face restoration CodeFormer: there is nothing like it here.
            lost Size 520x5000: must be two multiples of 8 from 64 to 4096.
            lost Variation seed 12: there is nothing like it here.
            lost Variation seed strength 0.2: there is nothing like it here.
            lost Clip skip 15: must be a whole number from 1 to 12.
            lost ENSD 31337: there is nothing like it here.
            lost Token merging ratio 0.9: must be a number from 0 to 0.75.
            lost RNG NV: noise is drawn as on a CPU here: the picture will be another one.
            lost Eta 0.67: there is nothing like it here.
            lost Refiner sd_xl_refiner [7440042bbd]: there is nothing like it here.
            lost Refiner switch at 0.8: there is nothing like it here.
            lost ADetailer model face_yolov8n.pt: there is nothing like it here.
            lost ADetailer prompt a face, sharp: there is nothing like it here.
            lost ADetailer version 24.1.2: there is nothing like it here.
            """),
        (
            "A1111, values with which nothing changes",
            """
            a face
            Steps: 25, Sampler: Euler a, Schedule type: Uniform, CFG scale: 7, Seed: 3, Size: 512x512, Model hash: 6ce0161689, Model: m, Variation seed strength: 0, ENSD: 0, Eta: 1.0, Emphasis: Original, Discard penultimate sigma: True, VAE Decoder: Full, NGMS: 0.0, Batch size: 4, Batch pos: 1, Tiling: False, User: me, Pad conds: False, Version: v1.9.3
            """,
            """
            m [6ce0161689], vae own, size 512x512, 25 Euler a uniform, cfg 7, seed 3, skip -
            """),
        (
            "A1111, old API: no picture to start from",
            """
            a face
            Steps: 25, Sampler: Euler a, CFG scale: 7.0, Seed: 3, Size: 512x512, Model hash: 9aba26abdf, Model: deliberate_v2, Denoising strength: 0, Version: v1.5.1
            """,
            """
            deliberate_v2 [9aba26abdf], vae own, size 512x512, 25 Euler a automatic, cfg 7, seed 3, skip -
            """),
        (
            "ControlNet 1.0, a setting for each value",
            """
            a cel animation of a woman
            Negative prompt: two heads, ((horns))
            Steps: 30, Sampler: Euler a, CFG scale: 7, Seed: 3390913259, Size: 896x1072, Model hash: 2f23e688b6, Model: mel-v1, ControlNet-0 Enabled: True, ControlNet-0 Module: canny, ControlNet-0 Model: control_canny-fp16 [e3fe7712], ControlNet-0 Weight: 0.55, ControlNet-0 Guidance Start: 0, ControlNet-0 Guidance End: 0.9, ControlNet-1 Enabled: True, ControlNet-1 Module: depth, ControlNet-1 Model: control_depth-fp16 [400750f6], ControlNet-1 Weight: 0.8, ControlNet-1 Guidance Start: 0, ControlNet-1 Guidance End: 1
            """,
            """
            mel-v1 [2f23e688b6], vae own, size 896x1072, 30 Euler a automatic, cfg 7, seed 3390913259, skip -
            ControlNet-0: canny by canny, control_canny-fp16 [e3fe7712], 0.55 in 0..0.9, Balanced, Crop, Both, at 512
            ControlNet-1: depth by depth_midas, control_depth-fp16 [400750f6], 0.8 in 0..1, Balanced, Crop, Both, at 512
            lost ControlNet-0 Enabled: True, Module: canny, Model: control_canny…: its picture is not in the text.
            lost ControlNet-1 Enabled: True, Module: depth, Model: control_depth…: its picture is not in the text.
            """),
        (
            "ControlNet 1.1, three units in parentheses form",
            """
            a girl

            Negative prompt: low quality

            Steps: 6, Sampler: Euler, CFG scale: 1, Seed: 1259467077, Size: 960x512, Model hash: fded6ea807, Model: animelike25D, Version: v1.2.1, ControlNet 0: "preprocessor: lineart_realistic, model: control_v11p_sd15_lineart_fp16 [5c23b17d], weight: 1, starting/ending: (0, 1), resize mode: Crop and Resize, pixel perfect: True, control mode: ControlNet is more important, preprocessor params: (512, 64, 64)", ControlNet 1: "preprocessor: softedge_hedsafe, model: control_v11p_sd15_softedge_fp16 [f616a34f], weight: 0.5, starting/ending: (0.1, 0.8), resize mode: Envelope (Outer Fit), pixel perfect: False, control mode: My prompt is more important, preprocessor params: (768, 1, 64)", ControlNet 2: "preprocessor: reference_only, model: None, weight: 1, starting/ending: (0, 1), resize mode: Just Resize, pixel perfect: True, control mode: Balanced, preprocessor params: (-1, 0.5, -1)"
            """,
            """
            animelike25D [fded6ea807], vae own, size 960x512, 6 Euler automatic, cfg 1, seed 1259467077, skip -
            ControlNet 0: lineart by lineart_realistic, control_v11p_sd15_lineart_fp16 [5c23b17d], 1 in 0..1, Control, Crop, Both, at -
            ControlNet 1: hed by softedge_hedsafe, control_v11p_sd15_softedge_fp16 [f616a34f], 0.5 in 0.1..0.8, Prompt, Fill, Both, at 768
            ControlNet 2: reference by reference_only, , 1 in 0..1, Balanced, Just, Both, at -
            lost ControlNet 0 preprocessor: lineart_realistic, model: control_v1…: its picture is not in the text.
            lost ControlNet 1 preprocessor: softedge_hedsafe, model: control_v11…: its picture is not in the text.
            lost ControlNet 2 preprocessor: reference_only, model: None, weight:…: its picture is not in the text.
            """),
        (
            "ControlNet 1.1.4, over an API, with numbers and Python's names",
            """
            masterpiece
            Steps: 18, Sampler: DPM++ 2M Karras, CFG scale: 6, Seed: 1337, Size: 512x512, Model hash: 338b85bc4f, Model: reborn, Tiled Diffusion: {"Method": "MultiDiffusion", "Tile tile width": 112, "Keep input size": true}, ControlNet 0: "Module: mlsd, Model: control_v11p_sd15_mlsd, Weight: 0.6, Resize Mode: 2, Low Vram: False, Processor Res: 512, Threshold A: 0.2, Threshold B: 0.3, Guidance Start: 0.0, Guidance End: 1.0, Pixel Perfect: True, Control Mode: 1, Hr Option: HiResFixOption.LOW_RES_ONLY, Save Detected Map: False", Version: v1.6.1
            """,
            """
            reborn [338b85bc4f], vae own, size 512x512, 18 DPM++ 2M karras, cfg 6, seed 1337, skip -
            ControlNet 0: hough by mlsd, control_v11p_sd15_mlsd, 0.6 in 0..1, Prompt, Fill, Low, at -, value 0.2, distance 0.3
            lost Tiled Diffusion {"Method": "MultiDiffusion", "Tile tile width": 11…: there is nothing like it here.
            lost ControlNet 0 Module: mlsd, Model: control_v11p_sd15_mlsd, Weigh…: its picture is not in the text.
            """),
        (
            "ControlNet without quotes",
            """
            a house
            Steps: 36, Sampler: DDIM, CFG scale: 7, Seed: 28063, Size: 680x1024, Model hash: 9aba26abdf, Model: deliberate_v2, ControlNet 0: preprocessor: openpose, model: control_v11p_sd15_openpose [cab727d4], weight: 0.6, starting/ending: (0.1, 0.8), resize mode: ResizeMode.INNER_FIT, pixel perfect: True, control mode: ControlMode.BALANCED, preprocessor params: (-1, -1, -1), Version: v1.5.1
            """,
            """
            deliberate_v2 [9aba26abdf], vae own, size 680x1024, 36 DDIM automatic, cfg 7, seed 28063, skip -
            ControlNet 0: pose by openpose, control_v11p_sd15_openpose [cab727d4], 0.6 in 0.1..0.8, Balanced, Crop, Both, at -
            lost ControlNet 0 preprocessor: openpose, model: control_v11p_sd15_o…: its picture is not in the text.
            """),
        (
            "ControlNet with a hint as it is",
            """
            a temple, <lora:stone:0.5>
            Steps: 40, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 685635532, Size: 1024x1024, Model hash: e3edb8a26f, Model: ghost, Clip skip: 2, ControlNet 0: "Module: none, Model: qrCodeMonster_v20 [5e5778cb], Weight: 1.1, Resize Mode: Crop and Resize, Low Vram: False, Guidance Start: 0.15, Guidance End: 1, Pixel Perfect: True, Control Mode: Balanced, Hr Option: Both, Save Detected Map: True", ControlNet 1: "Module: lineart_standard (from white bg & black line), Model: control_v11p_sd15_lineart [43d4be0d], Weight: 1.35-1.5, Guidance Start: 0.6, Guidance End: 0.4, Pixel Perfect: True, Advanced Weighting: None, Union Control Type: Depth", TI hashes: "easynegative: c74b4e810b03", Version: v1.6.1
            """,
            """
            ghost [e3edb8a26f], vae own, size 1024x1024, 40 DPM++ 2M karras, cfg 7, seed 685635532, skip 2
            ControlNet 0: hint by none, qrCodeMonster_v20 [5e5778cb], 1.1 in 0.15..1, Balanced, Crop, Both, at -
            ControlNet 1: lineart by lineart_standard, control_v11p_sd15_lineart [43d4be0d], 1 in 0..0.4, Balanced, Crop, Both, at -
            embedding easynegative [c74b4e810b03]
            lost ControlNet 0 Module: none, Model: qrCodeMonster_v20 [5e5778cb],…: its picture is not in the text.
            lost ControlNet 1 weight 1.35-1.5: must be a number.
            lost ControlNet 1 guidance start 0.6: start must not be after end (0.4).
            lost ControlNet 1 Union Control Type Depth: there is nothing like it here.
            lost ControlNet 1 Module: lineart_standard (from white bg & black li…: its picture is not in the text.
            """),
        (
            "Forge",
            """
            a city at night
            Negative prompt: blurry
            Steps: 60, Sampler: DPM++ 2M SDE, Schedule type: Exponential, CFG scale: 7, Seed: 1736401068, Size: 896x1152, Model hash: 34d8e4c691, Model: smooth_xl, Clip skip: 2, RNG: CPU, Lora hashes: "Smooth Booster: ad1599fe9152, - XL - FINAL: 0790afc4176e", TI: "SmoothNegative, SmoothNegative", NGMS: 3.0, NGMS all steps: True, Version: f2.0.1v1.10.1-previous-669-gdfdcbab6, Module 1: sdxl_vae
            """,
            """
            smooth_xl [34d8e4c691], vae sdxl_vae, size 896x1152, 60 DPM++ 2M SDE exponential, cfg 7, seed 1736401068, skip 2, same noise
            lora Smooth Booster [ad1599fe9152]
            lora - XL - FINAL [0790afc4176e]
            lost NGMS 3.0: there is nothing like it here.
            lost NGMS all steps True: there is nothing like it here.
            """),
        (
            "Forge with a model of another kind",
            """
            a city at night
            Steps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 1083098466, Size: 1360x792, Model hash: 58725940e3, Model: flux-hyp16-Q5_0, Version: f2.0.1v1.10.1-previous-530-g8bd7e056, Diffusion in Low Bits: Automatic (fp16 LoRA), Module 1: ae, Module 2: clip_l, Module 3: t5xxl_fp8_e4m3fn
            """,
            """
            flux-hyp16-Q5_0 [58725940e3], vae own, size 1360x792, 20 Euler simple, cfg 1, seed 1083098466, skip -
            lost Distilled CFG Scale 3.5: there is nothing like it here.
            lost Diffusion in Low Bits Automatic (fp16 LoRA): there is nothing like it here.
            lost Module 1 ae: there is nothing like it here.
            lost Module 2 clip_l: there is nothing like it here.
            lost Module 3 t5xxl_fp8_e4m3fn: there is nothing like it here.
            """),
        (
            "ComfyUI by a node that saves",
            """
            a harbour
            Negative prompt: blurry
            Steps: 50, Sampler: euler_ancestral, Scheduler: karras, CFG Scale: 3.6, Seed: 4294967295, Size: 768x1344, Model: SDXL/base_v1.safetensors, Model Hash: 31e35c80fc, Clip skip: -2, Hashes: {"model": "31e35c80fc", "lora:ink, thin": "0123456789ab", "embed:bad": "9876543210"}, Version: ComfyUI
            """,
            """
            SDXL/base_v1.safetensors [31e35c80fc], vae own, size 768x1344, 50 Euler a karras, cfg 3.6, seed 4294967295, skip 2, same noise
            lora ink, thin [0123456789ab]
            embedding bad [9876543210]
            """),
        (
            "ComfyUI with a seed of 64 bits",
            """
            a harbour
            Steps: 50, Sampler: DPM++ 3M SDE Karras, CFG scale: 3.6, Seed: 1087151610341875, Size: 768x1344, Model hash: {"key1": "value1"}, Model: Kolors v1, Hashes: {"model": ""}, Version: ComfyUI
            """,
            """
            Kolors v1, vae own, size 768x1344, 50 Euler automatic, cfg 3.6, seed -, skip -, same noise
            lost Sampler DPM++ 3M SDE Karras: there is no such sampler; must be one of DPM++ 2M, DPM++ 2M SDE, Euler a, Euler, Heun, DDIM, PLMS, UniPC, LCM, TCD, DDPM.
            lost Seed 1087151610341875: must be a whole number from 0 to 4294967295.
            """),
        (
            "Civitai's own generator",
            """
            a vintage car in fog
            Negative prompt: greyscale
            Steps: 22, Sampler: DPM++ 2M Karras, CFG scale: 3.8, Seed: 894409639, Size: 832x1216, Clip skip: 2, Created Date: 2024-09-23T06:17:42.9952795Z, Civitai resources: [{"type":"checkpoint","modelVersionId":128078,"modelName":"SD XL","modelVersionName":"v1.0 VAE fix"},{"type":"lora","weight":0.85,"modelVersionId":210432,"modelName":"Double, Exposure","modelVersionName":"v1"}], Civitai metadata: {}
            """,
            """
            pocket, vae own, size 832x1216, 22 DPM++ 2M karras, cfg 3.8, seed 894409639, skip 2
            lost Civitai resources [{"type":"checkpoint","modelVersionId":128078,"mod…: its numbers say nothing of files or their hashes.
            lost Model: the text does not say by name or hash which model it was.
            """),
        (
            "Civitai, from a picture that was put there",
            """
            a vintage car
            Steps: 36, Sampler: DPM++ 2M SDE, CFG scale: 7, Seed: 2806335496, Size: 680x1024, Model hash: 9aba26abdf, Model: 模型_deliberate_v2, Lora hashes: "giant build-V1: fe6d7d9c9881", Version: v1.4.0, Hashes: {"vae": "c6a580b13a", "model": "9aba26abdf"}, Civitai resources: [{"type":"checkpoint","modelVersionId":1}]
            """,
            """
            模型_deliberate_v2 [9aba26abdf], vae c6a580b13a, size 680x1024, 36 DPM++ 2M SDE uniform, cfg 7, seed 2806335496, skip -
            lora giant build-V1 [fe6d7d9c9881]
            """),
        (
            "Civitai in one line, without negative prompt",
            "fog, a silhouetted figure Negative prompt: Steps: 23, Sampler: Undefined, CFG scale: 3.5, Seed: 1760020955, Size: 832x1216, Clip skip: 2, Created Date: 2025-11-28T09:18:43.5269343Z, Civitai resources: [], Civitai metadata: {}",
            """
            pocket, vae own, size 832x1216, 23 Euler automatic, cfg 3.5, seed 1760020955, skip 2
            lost Sampler Undefined: there is no such sampler; must be one of DPM++ 2M, DPM++ 2M SDE, Euler a, Euler, Heun, DDIM, PLMS, UniPC, LCM, TCD, DDPM.
            lost Model: the text does not say by name or hash which model it was.
            """),
        (
            "SD.Next",
            """
            a tower
            Negative prompt: low
            Steps: 20, Size: 512x512, Sampler: UniPC, Seed: 99, CFG scale: 6, Model: dream_8, Model hash: 879db523c3, App: SD.Next, Version: a3ffd478, Backend: Diffusers, Pipeline: StableDiffusionPipeline, Parser: native
            """,
            """
            dream_8 [879db523c3], vae own, size 512x512, 20 UniPC automatic, cfg 6, seed 99, skip -
            lost Parser native: there is nothing like it here.
            """),
        (
            "A service that adds LoRAs apart",
            """
            a mermaid
            Steps: 28, Sampler: LCM, CFG scale: 7.0, Seed: 3708432142, Size: 1024x1024, Model hash: 8cba4f1ef4, Model: F.1-dev.safetensors, RNG: CPU, Lora 1: Animation, Lora Hash 1: 466a765bad, Lora Weight 1: 0.8, Controlnet 0: "preprocessor: dw_openpose_full, model: control_v11p_sd15_openpose, weight: 0.6, starting/ending: (0.0, 1.0), resize mode: Crop and Resize, pixel_perfect: False, control mode: Balanced, preprocessor params: (512, None, None)", vae_name: automatic
            """,
            """
            F.1-dev.safetensors [8cba4f1ef4], vae own, size 1024x1024, 28 LCM automatic, cfg 7, seed 3708432142, skip -, same noise
            Controlnet 0: pose by dw_openpose_full, control_v11p_sd15_openpose, 0.6 in 0..1, Balanced, Crop, Both, at 512
            lost Lora 1 Animation: there is nothing like it here.
            lost Lora Hash 1 466a765bad: there is nothing like it here.
            lost Lora Weight 1 0.8: there is nothing like it here.
            lost Controlnet 0 preprocessor: dw_openpose_full, model: control_v11…: its picture is not in the text.
            """),
        (
            "Dynamic prompts",
            """
            a red cat
            Steps: 20, Sampler: PLMS, CFG scale: 7, Seed: 4, Size: 512x512, Model hash: 6ce0161689, Model: m
            Template: a {red|blue} cat, (big:1.2), __animal__
            Negative Template: low, bad: quality
            """,
            """
            m [6ce0161689], vae own, size 512x512, 20 PLMS automatic, cfg 7, seed 4, skip -
            """),
        (
            "this library, embedded model",
            """
            a red sofa
            Steps: 20, Sampler: Euler, Schedule type: Uniform, CFG scale: 7, Seed: 7, Size: 512x512, Model hash: 0123456789, Model: pocket, RNG: CPU, ControlNet 0: "Module: canny, Model: controlnet_canny, Weight: 1, Resize Mode: Crop and Resize, Threshold A: 100, Threshold B: 200, Guidance Start: 0, Guidance End: 1, Pixel Perfect: True, Control Mode: Balanced, Hr Option: Both", Version: ControlNetSharp 1.0.0
            """,
            """
            pocket, vae own, size 512x512, 20 Euler uniform, cfg 7, seed 7, skip -, same noise
            ControlNet 0: canny by canny, controlnet_canny, 1 in 0..1, Balanced, Crop, Both, at -
            lost ControlNet 0 Module: canny, Model: controlnet_canny, Weight: 1,…: its picture is not in the text.
            """),
        (
            "a camera",
            "OLYMPUS DIGITAL CAMERA",
            """
            pocket, vae own, size -, 20 Euler automatic, cfg -, seed -, skip -
            lost Model: the text does not say by name or hash which model it was.
            lost Seed: the text does not say it: the picture will be another one.
            """),
    ];
}
