/** A module made of a built one: its component and manifest, and what a test adds to them. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { crc32, inflateRawSync } from "node:zlib";

type Files = Map<string, Buffer>;

/** The package file with more at the end of its manifest, more texts, more pages. */
export function extended(file: string, added: { manifest: string; texts: string; ui: Record<string, string> }): Uint8Array {
  const files = unpacked(readFileSync(file));
  const append = (name: string, text: string) =>
    files.set(name, Buffer.concat([files.get(name) ?? Buffer.alloc(0), Buffer.from(`\n${text}\n`)]));
  append("plugin.toml", added.manifest);
  for (const language of ["en", "ru", "uk"]) append(`i18n/${language}.toml`, added.texts);
  for (const [name, text] of Object.entries(added.ui)) files.set(`ui/${name}.toml`, Buffer.from(text));
  return summed(files);
}

/** The same package as another version. */
export function asVersion(file: string, version: string): Uint8Array {
  const files = unpacked(readFileSync(file));
  const manifest = String(files.get("plugin.toml")).replace(/^version = ".*"$/m, `version = "${version}"`);
  files.set("plugin.toml", Buffer.from(manifest));
  return summed(files);
}

function summed(files: Files): Uint8Array {
  files.delete("checksums.txt");
  const names = [...files.keys()].sort();
  const sums = names.map((name) => `${createHash("sha256").update(files.get(name) as Buffer).digest("hex")}  ${name}\n`);
  return packed(new Map([["checksums.txt", Buffer.from(sums.join(""))], ...names.map((name) => [name, files.get(name) as Buffer] as const)]));
}

/** APPNOTE.TXT, 4.3: the names and places stand in the central directory at the end. */
function unpacked(zip: Buffer): Files {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const files: Files = new Map();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, size, nameLength] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28)];
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42);
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const data = zip.subarray(from, from + size);
    files.set(name, method === 8 ? inflateRawSync(data) : Buffer.from(data));
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}

/** Nothing compressed. */
function packed(files: Files): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of files) {
    const label = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(label.length, 22);
    const local = [Buffer.from([0x50, 0x4b, 3, 4]), common, label, data];
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), common, rest, label]));
    parts.push(...local);
    offset += local.reduce((sum, part) => sum + part.length, 0);
  }
  const whole = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(whole.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, whole, end]));
}
