"""Ten different photographs of 12 megapixels, made of the sample photographs."""

from pathlib import Path

from PIL import Image, ImageOps

SAMPLES = Path(__file__).parents[2] / "local" / "samples"
SIZE = (4032, 3024)


def make(folder: Path, count: int = 10) -> list[Path]:
    """Write so many JPEG files into a folder: every sample, then the samples mirrored."""
    samples = sorted(SAMPLES.glob("*.jpg"))
    made = []
    for number in range(count):
        with Image.open(samples[number % len(samples)]) as opened:
            photograph = ImageOps.fit(opened.convert("RGB"), SIZE)
        if number >= len(samples):
            photograph = ImageOps.mirror(photograph)
        path = folder / f"{number}.jpg"
        photograph.save(path, "JPEG", quality=85)
        made.append(path)
    return made
