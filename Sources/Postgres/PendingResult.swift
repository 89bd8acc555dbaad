import CPostgres

/// A result that nobody has looked at yet; it is freed unless it is taken.
@safe struct PendingResult: ~Copyable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQclear(pointer) }

    /// Gives the result away.
    @unsafe consuming func take() -> OpaquePointer {
        let pointer = unsafe pointer
        discard self
        return unsafe pointer
    }
}

extension Parameters {
    /// Queues the execution of a prepared statement with these parameters; false when libpq refuses.
    func sendQuery(_ identifier: String, on connection: Connection) -> Bool {
        let formats = [Int32](repeating: 1, count: extents.count)
        let lengths = extents.map { max($0.length, 0) }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            // An empty value needs an address too: NULL would mean SQL's NULL.
            let base = unsafe UnsafeRawPointer(buffer.baseAddress ?? Self.nowhere).assumingMemoryBound(to: CChar.self)
            let values = unsafe extents.map { unsafe $0.length < 0 ? nil : base + $0.offset }
            return unsafe PQsendQueryPrepared(
                connection.handle, identifier, Int32(values.count), values, lengths, formats, 1) == 1
        }
    }

    private static var nowhere: UnsafePointer<UInt8> {
        unsafe UnsafePointer(bitPattern: 1).unsafelyUnwrapped
    }
}

/// Remembers whether the server warned, while it committed, that the commit may not be durable.
@safe final class Warnings {
    private(set) var saysNotDurable = false

    func forget() { saysNotDurable = false }

    /// Makes this the receiver of the connection's notices; the connection must outlive neither.
    func attach(to connection: Connection) {
        let receiver = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe PQsetNoticeReceiver(
            connection.handle,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                unsafe Unmanaged<Warnings>.fromOpaque(context).takeUnretainedValue().note(result)
            }, receiver)
    }

    /// Class 01 within a commit is a wait for a synchronous standby that was cut short.
    private func note(_ result: OpaquePointer) {
        guard let state = unsafe PQresultErrorField(result, 67) else { return }
        if unsafe String(cString: state) == "01000" { saysNotDurable = true }
    }
}
