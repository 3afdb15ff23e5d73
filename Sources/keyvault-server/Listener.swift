import KeyVault
import NIOCore
import ServiceLifecycle

/// A server at one address. Where it cannot be had, the error names it: there may be two.
struct Listener<Base: Service>: Service {
    let base: Base
    let address: ListenAddress
    /// The option that names another.
    let option: String

    func run() async throws {
        do {
            try await base.run()
        } catch let error as IOError {
            throw failure(FileError(error.errnoCode).reason)
        } catch is SocketAddressError.UnknownHost {
            throw failure("No such host is known")
        }
    }

    private func failure(_ reason: String) -> StartFailure {
        StartFailure(
            "Nobody can listen at \(address): \(reason). Name another address with \(option), or see who has this one.",
            exitCode: 1)
    }
}
