package import Dossiers

/// What a worker needs to let personal data into the database: the vault, and the secret of the keyed hashes.
package struct Protection: Sendable {
    /// Seals and opens.
    package let vault: Vault
    /// Hashes what is compared.
    package let hash: KeyedHash

    /// Both.
    package init(vault: Vault, hash: KeyedHash) {
        self.vault = vault
        self.hash = hash
    }

    /// A vault, and the secret that it has sealed.
    /// - Throws: ``VaultError`` when the keys at hand do not open it.
    package init(_ vault: Vault, sealedSecret: [UInt8]) throws(VaultError) {
        guard let hash = KeyedHash(secret: try vault.open(sealedSecret, for: .hashSecret)) else {
            throw VaultError(code: .damaged)
        }
        self.init(vault: vault, hash: hash)
    }

    /// A new secret, sealed.
    package static func sealedSecret(by vault: Vault) -> [UInt8] {
        vault.seal(KeyedHash.makeSecret(), for: .hashSecret)
    }

    /// A protection by keys that nobody keeps, for measuring and trying.
    package static var forNothing: Protection {
        guard let vault = Vault([SealingKey()]), let hash = KeyedHash(secret: KeyedHash.makeSecret()) else {
            preconditionFailure("new keys are of the right size")
        }
        return Protection(vault: vault, hash: hash)
    }

    /// What is stored of a dossier's applicant; `nil` where nothing is known of them.
    package func sealed(_ dossier: borrowing Dossier) -> [UInt8]? {
        ApplicantDetails(dossier).map { vault.seal($0.bytes, for: .dossier(dossier.code)) }
    }
}
