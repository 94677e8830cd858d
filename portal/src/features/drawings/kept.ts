/** A drawing that is not saved yet, in this browser: over a reload, a crash and the end of the session, for its person alone. */
const base = "verstak";
const store = "drawings";

export interface Kept {
  xml: string;
  /** What it was changed from. */
  revision: number;
  at: string;
}

let connection: Promise<IDBDatabase> | undefined;

/** Open from its first use on: a page that is closed has no time to open it. */
function opened(): Promise<IDBDatabase> {
  connection ??= new Promise((done, failed) => {
    const asked = indexedDB.open(base, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(store);
    asked.onsuccess = () => {
      asked.result.onclose = () => {
        connection = undefined;
      };
      done(asked.result);
    };
    asked.onerror = () => {
      connection = undefined;
      failed(asked.error);
    };
  });
  return connection;
}

async function within<T>(
  mode: IDBTransactionMode,
  ask: (drawings: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const database = await opened();
    return await new Promise<T>((done, failed) => {
      const transaction = database.transaction(store, mode);
      const asked = ask(transaction.objectStore(store));
      transaction.oncomplete = () => done(asked.result);
      transaction.onerror = () => failed(transaction.error);
      transaction.onabort = () => failed(transaction.error);
    });
  } catch {
    // Full, closed or forbidden: the server is asked the sooner.
    return undefined;
  }
}

const nameOf = (person: string, drawing: string) => `${person} ${drawing}`;

export const readKept = (person: string, drawing: string): Promise<Kept | undefined> =>
  within("readonly", (drawings) => drawings.get(nameOf(person, drawing)) as IDBRequest<Kept | undefined>);

export async function keepDrawing(person: string, drawing: string, kept: Kept | null): Promise<void> {
  const name = nameOf(person, drawing);
  if (kept) await within("readwrite", (drawings) => drawings.put(kept, name));
  else await within("readwrite", (drawings) => drawings.delete(name) as IDBRequest<unknown>);
}
