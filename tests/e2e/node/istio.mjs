// Holds Istio's objects, a JSON list on standard input, to the schemas of their kinds; prints what
// is wrong with each, or null, as a JSON list.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules] = process.argv.slice(2);
// By its path: the package lies elsewhere, and exports nothing that `require` would find.
const load = (version) =>
  import(pathToFileURL(`${modules}/@kubernetes-models/istio/networking.istio.io/${version}/index.js`));
const kinds = {
  "networking.istio.io/v1": await load("v1"),
  "networking.istio.io/v1alpha3": await load("v1alpha3"),
};

const wrong = JSON.parse(readFileSync(0)).map((object) => {
  const kind = kinds[object.apiVersion]?.[object.kind];
  if (!kind) return `no schema for ${object.apiVersion} ${object.kind}`;
  try {
    new kind(object).validate();
    return null;
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(wrong));
