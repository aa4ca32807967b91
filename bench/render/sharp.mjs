// A worker that renders with sharp: one JSON request a line on stdin, one JSON answer a line on
// stdout. CPU time is the whole process's, so threads of libvips are counted too.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import sharp from "sharp";

sharp.concurrency(1);
sharp.cache(false);

const FIT = { contain: "inside", cover: "cover", fill: "fill" };

function resized(input, { width, height, fit }) {
  return input.resize(width, height, { fit: FIT[fit], withoutEnlargement: fit !== "fill" });
}

function encoded(input, { format, quality }) {
  return format === "jpeg" ? input.flatten({ background: "#fff" }).jpeg({ quality }) : input.webp({ quality });
}

const open = (data) => sharp(data).autoOrient().toColourspace("srgb");

async function thrice(data, presets) {
  const outputs = [];
  for (const preset of presets) outputs.push(await encoded(resized(open(data), preset), preset).toBuffer());
  return outputs;
}

// Every next variant is resized from the pixels of the previous one.
async function cascade(data, presets) {
  const outputs = [];
  let source = open(data);
  for (const preset of presets) {
    const { data: pixels, info } = await resized(source, preset).raw().toBuffer({ resolveWithObject: true });
    const raw = { width: info.width, height: info.height, channels: info.channels };
    outputs.push(await encoded(sharp(pixels, { raw }), preset).toBuffer());
    source = sharp(pixels, { raw });
  }
  return outputs;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { path, presets, way } = JSON.parse(line);
  const data = await readFile(path);
  const before = process.cpuUsage();
  const outputs = await (way === "cascade" ? cascade : thrice)(data, presets);
  const { user, system } = process.cpuUsage(before);
  const answer = {
    ms: (user + system) / 1000,
    peak_mib: process.resourceUsage().maxRSS / 1024,
    outputs: outputs.map((each) => each.toString("base64")),
  };
  process.stdout.write(JSON.stringify(answer) + "\n");
}
