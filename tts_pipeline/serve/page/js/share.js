// What is chosen, in the address behind the #: it is never sent to the server.

const FIELDS = ["text", "acoustic", "vocoder", "rate", "pitch", "format", "seed"];

export function link() {
  const parts = new URLSearchParams();
  for (const name of FIELDS) parts.set(name, document.getElementById(name).value);
  const url = new URL(location.href);
  url.hash = parts.toString();
  return url.href;
}

// Sets fields from the address; what it does not name stays as it is.
export function restore() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const name of FIELDS) {
    const field = document.getElementById(name);
    const value = parts.get(name);
    if (value === null) continue;
    if (field.tagName !== "SELECT" || [...field.options].some((one) => one.value === value)) {
      field.value = value;
    }
  }
}
