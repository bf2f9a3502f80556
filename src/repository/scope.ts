/**
 * The objects with a member per collection: the client, and the view of a transaction. The members are getters of a
 * prototype made once per client; each makes its repository on first use and keeps it.
 */
import { QueryError } from "../base/errors.js";
import type { Transaction } from "../engine/engine.js";
import { type Catalog, modelOf } from "./catalog.js";
import { Repository } from "./repository.js";
import type { ClientCore, Session } from "./session.js";
import { show } from "./show.js";
import type { DynamicClient, DynamicTransaction, OpenTransaction, TransactionMethods } from "./surface.js";
import { traced } from "./traced.js";
import { beginOptions, checkTransactionOptions } from "./transaction.js";
import { rollbackQuietly } from "./tx-executor.js";

/** Classes of one client, with their repositories. */
export interface Scopes {
  readonly view: ClientCore["view"];
  readonly client: (session: Session) => DynamicClient;
}

type Work<T> = (tx: DynamicTransaction) => Promise<T>;

class Scope implements TransactionMethods<DynamicTransaction> {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async transaction<T>(work: Work<T>, options?: unknown): Promise<T> {
    const checked = checkTransactionOptions(options);
    if (typeof work !== "function")
      throw new QueryError("QUERY.INVALID_VALUE", `transaction takes a function, received ${show(work)}`, {
        fix: "write client.transaction(async (tx) => { … })",
      });
    const session = this.#session;
    return await traced(session.transaction(checked, async (inner) => await work(session.core.view(inner))));
  }

  static sessionOf(scope: Scope): Session {
    return scope.#session;
  }
}

class ClientScope extends Scope {
  readonly #session: Session;
  readonly #open: (session: Session, parent: Session, transaction: Transaction) => object;

  constructor(session: Session, open: (session: Session, parent: Session, transaction: Transaction) => object) {
    super(session);
    this.#session = session;
    this.#open = open;
  }

  async begin(options?: unknown): Promise<object> {
    const checked = checkTransactionOptions(options);
    const transaction = await this.#session.executor.begin(beginOptions(checked));
    return this.#open(this.#session.inside(transaction), this.#session, transaction);
  }

  async close(): Promise<void> {
    await this.#session.core.engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

class OpenScope extends Scope implements OpenTransaction {
  readonly #session: Session;
  readonly #parent: Session;
  readonly #transaction: Transaction;

  constructor(session: Session, parent: Session, transaction: Transaction) {
    super(session);
    this.#session = session;
    this.#parent = parent;
    this.#transaction = transaction;
  }

  async commit(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    await this.#session.tx?.finish();
    await this.#transaction.commit(options);
    await this.#parent.adopt(this.#session);
  }

  async rollback(): Promise<void> {
    await this.#session.tx?.finish();
    await this.#transaction.rollback();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // After a commit or rollback there is nothing left to do.
    if (this.#session.tx?.closed === true) return;
    await this.#session.tx?.finish();
    await rollbackQuietly(this.#transaction);
  }
}

export function makeScopes(catalog: Catalog): Scopes {
  class BoundScope extends Scope {}
  class BoundOpen extends OpenScope {}
  class BoundClient extends ClientScope {}
  for (const bound of [BoundScope, BoundOpen, BoundClient]) defineCollections(bound.prototype, catalog);
  const open = (session: Session, parent: Session, transaction: Transaction): object =>
    new BoundOpen(session, parent, transaction);
  return {
    view: (session) => new BoundScope(session) as object as DynamicTransaction,
    client: (session) => {
      const client = new BoundClient(session, open);
      // A client lives long: its repositories are made now, so that `db.users` is a plain property.
      for (const { collection } of catalog.schema.models.values()) Reflect.get(client, collection);
      return client as object as DynamicClient;
    },
  };
}

function defineCollections(prototype: object, catalog: Catalog): void {
  for (const meta of catalog.schema.models.values()) {
    const model = modelOf(catalog, meta.name);
    Object.defineProperty(prototype, meta.collection, {
      configurable: true,
      get(this: Scope): Repository {
        const repository = new Repository(Scope.sessionOf(this), model);
        Object.defineProperty(this, meta.collection, { value: repository, enumerable: true });
        return repository;
      },
    });
  }
}
