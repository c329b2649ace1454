#!/usr/bin/env bash
# Makes the pictures of docs/controls.md with the embedded model: a reference picture, and one style for a batch. Nothing is chosen afterwards.
set -euo pipefail
cd "$(dirname "$0")/../.."
controlnet=src/ControlNetSharp.Cli/bin/Release/net10.0/controlnet
contact_sheet=tools/ContactSheet/bin/Release/net10.0/contact-sheet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p docs/results/controls
house="a white house with a red roof and trees on green grass"

# A row of the seeds 1 to 4 without a reference, then one for each way to look at the photograph.
"$controlnet" generate -p "$house" --seed 1 --count 4 -o "$work/plain.png"
rows=("$work"/plain-000?.png)
for annotator in reference_only reference_adain reference_adain+attn; do
  "$controlnet" generate -p "$house" -c "reference=docs/pictures/rocket.jpg,annotator=$annotator" --seed 1 --count 4 -o "$work/$annotator.png"
  rows+=("$work/$annotator"-000?.png)
done
"$contact_sheet" docs/results/controls/reference.jpg 4 "${rows[@]}"

# The same seeds as a batch: each for itself, all like the first, all like each other.
rows=("$work"/plain-000?.png)
for style in first all; do
  "$controlnet" generate -p "$house" --seed 1 --batch 4 --style-align "$style" -o "$work/$style.png"
  rows+=("$work/$style"-000?.png)
done
"$contact_sheet" docs/results/controls/style.jpg 4 "${rows[@]}"
