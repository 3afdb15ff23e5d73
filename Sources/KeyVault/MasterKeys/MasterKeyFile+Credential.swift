extension MasterKeyFile {
    /// A key that the service manager hands over: systemd's `LoadCredential` and its relatives.
    ///
    /// - Parameter name: the credential's name, a file in `$CREDENTIALS_DIRECTORY`.
    /// - Throws: ``VaultError`` `missingMasterKey` where the service manager gave none, `invalidArgument` for a name that is
    ///   no file's name.
    public static func credential(named name: String) throws(VaultError) -> MasterKeyFile {
        guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")) else {
            throw VaultError(
                .invalidArgument, "A credential's name is a file's name.", hint: "Name it without a folder.")
        }
        guard let directory = ServiceCredential.directory else {
            throw VaultError(
                .missingMasterKey, "The service manager gave no credentials: $CREDENTIALS_DIRECTORY is not set.",
                hint: "Add LoadCredential=\(name):PATH to the unit.")
        }
        return MasterKeyFile("\(directory)/\(name)")
    }
}
