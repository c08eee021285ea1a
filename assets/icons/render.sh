#!/bin/sh
# Renders the application's icons from spanscope.svg (needs rsvg-convert, Debian: librsvg2-bin).
set -eu
cd "$(dirname "$0")"
out=../../src-tauri/icons
render() { rsvg-convert --width="$1" --height="$1" --output="$out/$2" spanscope.svg; }
render 32 32x32.png
render 128 128x128.png
render 256 128x128@2x.png
render 512 icon.png
