#!/usr/bin/env bash
# Makes the pictures of docs/conditions.md: what the annotators that need no download see in a photograph and in a scene.
set -euo pipefail
cd "$(dirname "$0")/../.."
controlnet=src/ControlNetSharp.Cli/bin/Release/net10.0/controlnet
mkdir -p docs/results/conditions
for kind in canny hough hed scribble pose segmentation normal depth lineart; do
  "$controlnet" annotate "$kind" docs/pictures/astronaut.png --resolution 256 -o "docs/results/conditions/$kind-photograph.png"
  "$controlnet" annotate "$kind" docs/results/scene-1-original.png -o "docs/results/conditions/$kind-scene.png"
done
