#!/usr/bin/env bash
# Makes the README's pictures with the embedded model: for each photograph its edges and two results.
set -euo pipefail
cd "$(dirname "$0")/../.."
controlnet=src/ControlNetSharp.Cli/bin/Release/net10.0/controlnet
make() { # PHOTOGRAPH NAME SEED PROMPT
  "$controlnet" generate -p "$4" -c "canny=docs/pictures/$1" --seed "$3" -o "docs/results/$2.png" --save-maps
  mv "docs/results/$2-map0-canny.png" "docs/results/${1%.*}-canny.png"
}
make coffee.png coffee-blue 7 "a blue cup on a wooden table"
make coffee.png coffee-red 7 "a cartoon of a red cup on a white table"
make chelsea.png chelsea-orange 7 "the face of an orange tabby cat"
make chelsea.png chelsea-night 7 "the face of a black cat at night"
make rocket.jpg rocket-day 7 "a photo of a white rocket with fire and smoke"
make rocket.jpg rocket-sunset 7 "a red rocket at sunset"
make astronaut.png astronaut-woman 7 "a woman with brown hair in an orange sweater"
make astronaut.png astronaut-cartoon 7 "a cartoon of a woman in a blue sweater"

# Scenes of seeds that were never trained on: picture, edges, and what is made of edges and caption.
scenes=$(mktemp -d)
trap 'rm -rf "$scenes"' EXIT
"$controlnet" dataset make "$scenes/canny" --condition canny --scenes 8 --seed 1500000
for i in {0..7}; do
  prompt=$(sed -n "$((i + 1))p" "$scenes/canny/prompt.json" | sed -E 's/.*"prompt":"([^"]*)".*/\1/')
  "$controlnet" generate -p "$prompt" -c "canny=$scenes/canny/source/$i.png,annotator=none" --seed "$i" -o "docs/results/scene-$i.png"
  cp "$scenes/canny/target/$i.png" "docs/results/scene-$i-original.png"
  cp "$scenes/canny/source/$i.png" "docs/results/scene-$i-canny.png"
  echo "$prompt" >"docs/results/scene-$i.txt"
done
