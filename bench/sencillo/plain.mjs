/**
 * The least that the operations can be: arrays and maps of plain objects, live references as results, no checks, no undo,
 * no copies, and of the files only the text and the system calls. Nothing of it is safe; it shows what part of SencilloDB's
 * time is work that every implementation has to do. Single file only.
 */
import { appendFileSync, renameSync, writeFileSync } from "node:fs";

export class SencilloDB {
  #file;
  #log;
  #collections = new Map();
  #lines = [];
  #dirty = false;

  constructor({ file, aof }) {
    this.#file = file;
    this.#log = aof ? `${file}.aof` : null;
  }

  async transaction(callback) {
    const result = await callback(this);
    if (!this.#dirty) return result;
    this.#dirty = false;
    if (this.#log !== null) {
      appendFileSync(this.#log, this.#lines.map((line) => JSON.stringify(line)).join("\n"));
    } else {
      const text = JSON.stringify([...this.#collections].map(([name, { docs }]) => [name, [...docs.values()]]));
      writeFileSync(`${this.#file}.tmp`, text);
      renameSync(`${this.#file}.tmp`, this.#file);
    }
    this.#lines = [];
    return result;
  }

  #collection(name) {
    let found = this.#collections.get(name);
    if (found === undefined) {
      found = { docs: new Map(), buckets: new Map(), indexes: new Map(), inserted: 0 };
      this.#collections.set(name, found);
    }
    return found;
  }

  #wrote(op, instructions) {
    this.#dirty = true;
    if (this.#log !== null) this.#lines.push({ op, instructions });
  }

  async ensureIndex(instructions) {
    this.#collection(instructions.collection).indexes.set(instructions.field, new Map());
    this.#wrote("ensureIndex", instructions);
  }

  #insert(collection, data, bucket) {
    const doc = { ...data, _id: ++collection.inserted };
    collection.docs.set(doc._id, doc);
    const list = collection.buckets.get(bucket);
    if (list === undefined) collection.buckets.set(bucket, [doc]);
    else list.push(doc);
    for (const [field, index] of collection.indexes) {
      const docs = index.get(doc[field]);
      if (docs === undefined) index.set(doc[field], [doc]);
      else docs.push(doc);
    }
    return doc;
  }

  async create(instructions) {
    const { collection, data, index } = instructions;
    this.#wrote("create", instructions);
    return this.#insert(this.#collection(collection), data, index === undefined ? "default" : index(data));
  }

  async createMany(instructions) {
    const { data, index } = instructions;
    const collection = this.#collection(instructions.collection);
    this.#wrote("createMany", instructions);
    return data.map((each) => this.#insert(collection, each, index === undefined ? "default" : index(each)));
  }

  async update(instructions) {
    const { docs } = this.#collection(instructions.collection);
    const doc = { ...instructions.data, _id: instructions._id };
    docs.set(instructions._id, doc);
    this.#wrote("update", instructions);
    return doc;
  }

  async destroy(instructions) {
    const { docs } = this.#collection(instructions.collection);
    const doc = docs.get(instructions._id);
    docs.delete(instructions._id);
    this.#wrote("destroy", instructions);
    return doc;
  }

  async dropCollection(instructions) {
    this.#collections.delete(instructions.collection);
    this.#wrote("dropCollection", instructions);
  }

  async rewriteCollection(instructions) {
    const docs = [...this.#collection(instructions.collection).docs.values()].sort(instructions.sort);
    this.#collections.delete(instructions.collection);
    const collection = this.#collection(instructions.collection);
    for (const doc of docs) this.#insert(collection, doc, "default");
    this.#wrote("rewriteCollection", instructions);
  }

  #select({ collection, filter, callback, index }) {
    const { docs, indexes, buckets } = this.#collection(collection);
    if (index !== undefined) return buckets.get(index).slice();
    if (callback !== undefined) return [...docs.values()].filter(callback);
    if (filter === undefined) return [...docs.values()];
    const [field] = Object.keys(filter);
    const wanted = filter[field];
    if (field === "_id") return [docs.get(wanted)];
    if (indexes.has(field)) return indexes.get(field).get(wanted) ?? [];
    if (typeof wanted === "object") return [...docs.values()].filter((doc) => doc[field] > wanted.$gt);
    for (const doc of docs.values()) if (doc[field] === wanted) return [doc];
    return [];
  }

  async find(instructions) {
    return this.#select(instructions)[0];
  }

  async findMany(instructions) {
    const found = this.#select(instructions);
    if (instructions.sort !== undefined) return found.sort(instructions.sort);
    const [rule] = instructions.populate ?? [];
    if (rule === undefined) return found;
    const { docs, indexes } = this.#collection(rule.collection);
    const related = rule.targetField === undefined ? docs : indexes.get(rule.targetField);
    return found.map((doc) => {
      const one = related.get(doc[rule.field]);
      return { ...doc, [rule.field]: Array.isArray(one) ? one[0] : one };
    });
  }

  async close() {}
}
