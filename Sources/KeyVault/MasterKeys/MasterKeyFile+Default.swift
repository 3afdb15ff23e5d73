import class Foundation.ProcessInfo

extension MasterKeyFile {
    /// Where a master key is when nobody says so: `$XDG_CONFIG_HOME/keyvault/master.key`; like the XDG specification, below
    /// `~/.config` where the variable is not set or not an absolute path. `nil` where `HOME` is not set, or empty, either.
    package static var defaultPath: String? {
        let environment = ProcessInfo.processInfo.environment
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return "\(base)/keyvault/master.key" }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return "\(home)/.config/keyvault/master.key"
    }
}
