#!/usr/bin/env bash
# Makes the pictures of docs/samples.md with the samples themselves, after `dotnet build -c Release`.
set -euo pipefail
cd "$(dirname "$0")/../.."
controlnet=src/ControlNetSharp.Cli/bin/Release/net10.0/controlnet
contact_sheet=tools/ContactSheet/bin/Release/net10.0/contact-sheet
cup="a blue cup on a wooden table"
photo=docs/pictures/coffee.png
out=docs/samples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet run samples/room.cs -- docs/uses/room.png "a blue sofa, a big window and a yellow lamp in a room with white walls" $out/room.jpg
dotnet run samples/colouring-book.cs -- docs/uses/house.png $out/colouring-book.jpg 20 "a photo of a yellow house with a red roof" "a cartoon of a blue house" "a pastel drawing of a pink house at sunset"
dotnet run samples/annotator.cs -- $photo "$cup" $out/annotator.jpg
dotnet run samples/control-type.cs -- $photo "$cup" $out/control-type.jpg
dotnet run samples/sampler.cs -- $photo "$cup" "$work/sampler.png"
"$contact_sheet" $out/sampler.jpg 1 "$work/sampler.png"
dotnet run -c Release --project samples/ControlledPicture -- $photo "$cup" "$work/controlled.png"
"$contact_sheet" $out/controlled.jpg 1 "$work/controlled.png"
dotnet run samples/folder.cs -- docs/pictures "a watercolour of the same" "$work/folder"
"$contact_sheet" $out/folder.jpg 3 "$work"/folder/*.png
# What the notebook shows last.
for weight in 0 0.5 1; do
  "$controlnet" generate -p "$cup" -c canny=$photo,weight=$weight --seed 7 -o "$work/weight-$weight.png"
done
"$contact_sheet" $out/notebook.jpg 3 "$work"/weight-*.png
