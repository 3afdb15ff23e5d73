import KeyVaultFormat
import KeyVaultStorage

/// The header that the vault last believed, and the keys it holds: replaced as one.
struct KeyState: Sendable {
    let header: VaultHeader
    let ring: MasterKeyRing

    /// The key that new records are sealed under.
    var active: MasterKeyRing.Holder {
        // An authenticated header's active key is live, and every live key is in the ring that authenticated it.
        get throws(VaultError) {
            guard let holder = ring[header.activeKeyID] else { throw .missing(header.activeKeyID, in: ring) }
            return holder
        }
    }

    /// The key that a record says it is under; `nil` where it is not held, and where the header does not list it as live.
    ///
    /// A ring may go on naming a retired key. Whoever else holds that one must not be able to make records that open.
    func live(_ id: MasterKeyID) -> MasterKeyRing.Holder? {
        header.keys.contains { $0.id == id && $0.state == .live } ? ring[id] : nil
    }

    /// Why a record of `id` that says it is under `key`, which is not ``live(_:)``, does not open.
    func absence(of key: MasterKeyID, for id: RecordID) -> VaultError {
        header.liveKeyIDs.contains(key) ? .missing(key, in: ring) : .damaged(id, cause: nil)
    }

    /// Asks `source` for the keys that `head` needs, and believes the header if they vouch for it.
    static func open(_ head: StoreHead, source: any MasterKeySource) async throws(VaultError) -> KeyState {
        guard !UnfinishedCopy.isHeld(by: head) else {
            throw VaultError(
                .damagedHeader, "The store holds a copy of a vault that was not finished.",
                hint:
                    "Copy again into the same place, which goes on with it. Where the vault was written to since, remove it first."
            )
        }
        let request: MasterKeyRequest
        do { request = MasterKeyRequest(header: try StoredHeader(head.header).header) } catch {
            throw .damagedHeader(error)
        }
        let ring: MasterKeyRing
        do {
            ring = try await source.masterKeys(for: request)
        } catch let error as VaultError {
            throw error
        } catch is CancellationError where Task.isCancelled {
            // Where nobody cancelled the task, it is a time limit of the source's own.
            throw VaultError(.cancelled, "The task was cancelled while the master key was asked for.")
        } catch {
            throw VaultError(
                .missingMasterKey, "The master key's source failed.", hint: "What it threw is this error's cause.",
                cause: error)
        }
        return KeyState(header: try ring.verify(head), ring: ring)
    }
}
