/// What the holder of an enrolment code signs: the keys that it has made, and nobody else can put others in their place.
public enum EnrolmentSignature {
    /// The bytes that are signed.
    ///
    /// | bytes | field |
    /// |---|---|
    /// | 15 | `DIP1 enrolment` and a zero |
    /// | 32 | the new public key of CURVE |
    /// | 32 | the new public key that signs; zeros: batches will not be signed |
    public static func statement(key: [UInt8], signingKey: [UInt8]?) -> [UInt8] {
        Array("DIP1 enrolment\0".utf8) + key + (signingKey ?? [UInt8](repeating: 0, count: 32))
    }
}
