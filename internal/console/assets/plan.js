// What has to be decided before the first byte is sent: parts, and the description.

const MIB = 1 << 20;
const GIB = 1 << 30;

// MOST_PARTS is how many parts an upload has at most.
export const MOST_PARTS = 10_000;

const LARGEST_PART = 4 * GIB;
const SMALLEST_PART = 8 * MIB;
const COMFORTABLE_PART = 32 * MIB; // the largest that a hasher holds as a whole
const COMFORTABLE_COUNT = 1000;
const IN_FLIGHT = 256 * MIB;

// SINGLE is the largest file that goes in one request.
export const SINGLE = 8 * MIB;

// LARGEST is the largest archive that there can be.
export const LARGEST = MOST_PARTS * LARGEST_PART;

// partSize returns how large the parts of a file of size bytes are: a power of two, of which 10,000 are enough. Small
// parts lose less when a connection breaks, few parts cost fewer requests: up to 32 MiB they grow when there would be
// more than a thousand.
export function partSize(size) {
  let part = SMALLEST_PART;
  while (part < COMFORTABLE_PART && size > part * COMFORTABLE_COUNT) part *= 2;
  while (size > part * MOST_PARTS) part *= 2;
  return part;
}

// lanes returns how many parts are on their way at once, so that no more than some 256 MiB are.
export const lanes = (part, most = 3) => Math.max(1, Math.min(most, Math.floor(IN_FLIGHT / part)));

// refusal says why no file of this size can be sent, or "".
export function refusal(size) {
  if (size === 0) return "This file is empty. Glacier keeps no empty archives.";
  if (size > LARGEST) return "This file is larger than 40,000 GiB, the largest archive that there can be.";
  return "";
}

const MOST_DESCRIPTION = 1024;

// descriptionFault says what is wrong with a description that was typed, or "".
export function descriptionFault(text) {
  if (text.length > MOST_DESCRIPTION) return `A description has at most 1,024 characters. This one has ${text.length}.`;
  if (/[^\x20-\x7e]/.test(text)) return "A description has only letters, digits and signs of ASCII.";
  if (text !== text.trim()) return "A description neither begins nor ends with a space.";
  return "";
}

// describe returns the description of a file for which none was typed: its name, as git-annex and glacier-cli have
// it. A name that a description cannot hold is written as CloudBerry does, in JSON, with \u escapes: of the forms that
// are in use it is the one that AWS's own migration tool reads without loss, and people read it, too.
export function describe({ name, lastModified }) {
  if (descriptionFault(name) === "") return name;
  const when = new Date(lastModified).toISOString().replace(/[-:]|\.\d+/g, "");
  const text = JSON.stringify({ Path: name, UTCDateModified: when });
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
