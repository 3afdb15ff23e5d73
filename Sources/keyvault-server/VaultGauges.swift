import KeyVault
import Metrics

/// What Prometheus is shown of the vault's state, besides what the vault counts itself.
struct VaultGauges: Sendable {
    private let connected = Gauge(label: "keyvault_vault_connected")
    private let unlocked = Gauge(label: "keyvault_memory_unlocked_bytes")

    func measure(_ vault: Vault) async {
        let health = await vault.health()
        connected.record(health.store == .connected ? 1 : 0)
        unlocked.record(health.unlockedBytes)
    }
}
