#!/usr/bin/env bash
# Makes the pictures of docs/conditions.md: what the annotators that need no download see in a photograph and in a scene.
set -euo pipefail
cd "$(dirname "$0")/../.."
controlnet=src/ControlNetSharp.Cli/bin/Release/net10.0/controlnet
scene=$(mktemp -d)
trap 'rm -rf "$scene"' EXIT
"$controlnet" dataset make "$scene" --condition canny --scenes 1 --seed 1500001
mkdir -p docs/results/conditions
for kind in canny hough hed scribble pose segmentation normal depth lineart; do
  "$controlnet" annotate "$kind" docs/pictures/astronaut.png --resolution 256 -o "docs/results/conditions/$kind-photograph.png" --overwrite
  "$controlnet" annotate "$kind" "$scene/target/0.png" -o "docs/results/conditions/$kind-scene.png" --overwrite
done
