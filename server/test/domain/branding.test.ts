/** What a business may give the hosted pages, and that whatever colour it gives can be read. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrandingError, colorsOf, contrast, parseBranding } from "../../src/domain/branding.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><path d="M0 0h4v4z"/></svg>';

describe("Branding", () => {
  it("has the contrast of the standard's own examples", () => {
    assert.equal(contrast("#000000", "#ffffff"), 21);
    assert.equal(contrast("#777777", "#ffffff").toFixed(2), "4.48");
    assert.equal(contrast("#ffffff", "#767676").toFixed(2), "4.54");
    assert.equal(contrast("#ff0000", "#ffffff").toFixed(2), "4.00");
  });

  it("can be read in light and dark, whatever the colour", () => {
    const steps = ["00", "11", "33", "55", "77", "88", "aa", "cc", "ee", "ff"];
    let count = 0;
    for (const red of steps)
      for (const green of steps)
        for (const blue of steps) {
          const color = `#${red}${green}${blue}`;
          const { light, dark } = colorsOf(color);
          for (const [{ accent, text }, grounds] of [
            [light, ["#ffffff", "#f6f7f9"]],
            [dark, ["#1c1d21", "#25272c"]],
          ] as const) {
            assert.match(accent, /^#[0-9a-f]{6}$/);
            assert.ok(contrast(accent, text) >= 4.5, `${text} on ${accent} of ${color}`);
            for (const ground of grounds)
              assert.ok(contrast(accent, ground) >= 3, `${accent} of ${color} on ${ground}`);
            count++;
          }
        }
    assert.equal(count, 2000);
  });

  it("keeps a colour that can be told from its background as it is", () => {
    assert.deepEqual(colorsOf("#5b21b6").light, { accent: "#5b21b6", text: "#ffffff" });
    assert.deepEqual(colorsOf("#ffd400").dark, { accent: "#ffd400", text: "#000000" });
    assert.notEqual(colorsOf("#5b21b6").dark.accent, "#5b21b6");
    assert.notEqual(colorsOf("#ffd400").light.accent, "#ffd400");
  });

  it("takes a colour of six digits and nothing else", () => {
    assert.deepEqual(parseBranding({ color: "#5B21b6" }), { color: "#5b21b6" });
    for (const color of ["", "5b21b6", "#5b2", "#5b21b6ff", "#5b21bg", "red", "#5b21b6;", "#5b21b6\n"])
      assert.throws(() => parseBranding({ color }), BrandingError, color);
  });

  const images: [string, string, Uint8Array][] = [
    ["PNG", "image/png", bytes("\x89PNG\r\n\x1a\n....")],
    ["JPEG", "image/jpeg", bytes("\xff\xd8\xff\xe0....")],
    ["WebP", "image/webp", bytes("RIFF\x10\x00\x00\x00WEBPVP8 ")],
    ["SVG", "image/svg+xml", bytes(svg)],
    [
      "SVG with a head",
      "image/svg+xml",
      bytes(`<?xml version="1.0"?>\n<!-- made -->\n<!DOCTYPE svg>\n${svg}`),
    ],
  ];
  for (const [name, type, logo] of images) {
    it(`takes a logo that is ${name}, by what is in it`, () => {
      const { logo: taken } = parseBranding({ logo });
      assert.equal(taken?.type, type);
      assert.deepEqual(Buffer.from(taken?.base64 ?? "", "base64"), Buffer.from(logo));
    });
  }

  it("takes no logo of another kind", () => {
    const others = [
      bytes(""),
      bytes("GIF89a"),
      bytes("<!doctype html><svg></svg>"),
      bytes("<html><svg></svg></html>"),
      bytes("<svgs></svgs>"),
      bytes("RIFF\x10\x00\x00\x00WAVEfmt "),
      bytes(`\xff\xfe${svg}`),
    ];
    for (const logo of others)
      assert.throws(() => parseBranding({ logo }), BrandingError, Buffer.from(logo).toString("latin1"));
  });

  it("takes a logo of 64 kB, and none of a byte more", () => {
    const logo = new Uint8Array(65_536);
    logo.set(bytes("\x89PNG\r\n\x1a\n"));
    assert.equal(parseBranding({ logo }).logo?.type, "image/png");
    const larger = new Uint8Array(65_537);
    larger.set(logo);
    assert.throws(() => parseBranding({ logo: larger }), /64 kB/);
  });
});
