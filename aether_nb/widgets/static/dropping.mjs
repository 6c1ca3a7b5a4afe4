// @ts-check
/** Files dropped on the panel: read here, sent piece by piece, and written to the workspace by the kernel. */

/** Bytes of a file, at most; and of one message. */
const LARGEST = 20_000_000;
const PIECE = 400_000;

/**
 * @param {File[]} files @param {(content: object) => void} send @param {(text: string) => void} say
 */
export async function take(files, send, say) {
  for (const file of files.slice(0, 10)) {
    if (file.size > LARGEST) {
      say(`${file.name} is larger than 20 MB: put it into the folder yourself.`);
      continue;
    }
    say(`Taking ${file.name} …`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const id = Math.random().toString(36).slice(2);
    for (let at = 0; at < Math.max(1, bytes.length); at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      send({ type: "drop", id, name: file.name, size: bytes.length, at, data: base64(piece) });
    }
  }
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
