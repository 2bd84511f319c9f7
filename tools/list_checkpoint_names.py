"""Lists the tensor names and shapes of foreign MobileNet-V1 checkpoints.

Needs torch, timm and transformers. Writes one text file a checkpoint, NAME and
comma-separated shape on each line, which ModelFileTest reads:

    python3 tools/list_checkpoint_names.py src/test/resources/io/depthscope/graph/exchange
"""

import pathlib
import sys

import timm
from transformers import MobileNetV1Config
from transformers.models.mobilenet_v1.modeling_mobilenet_v1 import MobileNetV1ForImageClassification


def main(folder: pathlib.Path) -> None:
    networks = {
        "timm-mobilenetv1_100": timm.create_model("mobilenetv1_100", pretrained=False),
        "transformers-mobilenet_v1_0.25": MobileNetV1ForImageClassification(
            MobileNetV1Config(depth_multiplier=0.25, num_labels=1001)
        ),
    }
    for name, network in networks.items():
        lines = [f"{key} {','.join(map(str, t.shape))}".rstrip() for key, t in network.state_dict().items()]
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
