// Holds objects of Kubernetes and of Istio, a JSON list on standard input, to the schemas of their
// kinds; prints what is wrong with each, or null, as a JSON list.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules] = process.argv.slice(2);
// By their paths: the packages lie elsewhere, and export nothing that `require` would find.
const load = (path) => import(pathToFileURL(`${modules}/${path}/index.js`));
const kinds = {
  "v1": await load("kubernetes-models/v1"),
  "apps/v1": await load("kubernetes-models/apps/v1"),
  "networking.istio.io/v1": await load("@kubernetes-models/istio/networking.istio.io/v1"),
  "networking.istio.io/v1alpha3": await load("@kubernetes-models/istio/networking.istio.io/v1alpha3"),
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
