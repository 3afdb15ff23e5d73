// `import KeyVault` and one store are all that an embedder writes.
@_exported public import KeyVaultCrypto
@_exported public import KeyVaultFormat
@_exported public import KeyVaultStorage
