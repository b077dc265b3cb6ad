// Looks at a file before it is sent: what it is, how large, and a small picture of it where the
// browser can show it. Tells what the service would refuse anyway.

const THUMBNAIL_PX = 640;
const QUALITY = 0.82;
// Endings of photos that some systems give no type to.
const PHOTO_ENDING = /\.(jpe?g|jfif|png|webp|avif|gif|hei[cf])$/i;
const HEIF_ENDING = /\.hei[cf]$/i;

/** What `accept` of a file input takes: all the service takes, endings where systems know no type. */
export function acceptedTypes(limits) {
  return [...limits.content_types, ".heic", ".heif", ".avif"]
    .filter((type) => !type.startsWith(".hei") || takesHeif(limits))
    .join(",");
}

const takesHeif = (limits) => limits.content_types.some((type) => /hei[cf]/.test(type));

/** Why a file cannot be a photo that is taken; null when it may be one. */
export function refusal(file, limits) {
  const isHeif = HEIF_ENDING.test(file.name) || /hei[cf]/.test(file.type);
  if (file.size === 0) return { code: "empty_file" };
  if (file.size > limits.max_upload_bytes) {
    return {
      code: "upload_too_large",
      values: { size: { bytes: file.size }, most: { bytes: limits.max_upload_bytes } },
    };
  }
  if (isHeif && !takesHeif(limits)) return { code: "no_heif" };
  const mayBe = !file.type || file.type.startsWith("image/") || PHOTO_ENDING.test(file.name);
  return mayBe ? null : { code: "unsupported_media_type" };
}

/** Why a photo of these sides is not taken; null when it is. */
export function refusalOfSize({ width, height }, limits) {
  const values = { width, height };
  if (Math.min(width, height) < limits.min_side_px) {
    return { code: "image_too_small", values: { ...values, least: limits.min_side_px } };
  }
  if (width * height > limits.max_pixels) {
    return {
      code: "too_many_pixels",
      values: { ...values, most: { number: limits.max_pixels / 1e6 } },
    };
  }
  const aspect = Math.max(width, height) / Math.min(width, height);
  return aspect > limits.max_aspect ? { code: "too_narrow", values } : null;
}

/** A small picture of a photo, upright: {url, width, height}, or null when it cannot be shown. */
export async function thumbnailOf(file) {
  let whole;
  try {
    whole = await createImageBitmap(file);
  } catch {
    return null;
  }
  const { width, height } = whole;
  const scale = Math.min(1, THUMBNAIL_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return blob && { url: URL.createObjectURL(blob), width, height };
}
