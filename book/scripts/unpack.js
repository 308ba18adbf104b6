/* Data of a page, as musicrec.site.packing writes them: JSON, compressed, in letters that a script can hold. */
"use strict";

window.musicrecUnpack = async (text) => {
  if (!window.DecompressionStream) throw new Error("it needs a browser of 2023 or later");
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};
