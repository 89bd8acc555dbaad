import FuzzTargets
import Glibc

/// Which reader is fuzzed: named by `HOSO_FUZZ_TARGET`.
private let target: FuzzTarget = {
    let name = unsafe getenv("HOSO_FUZZ_TARGET").map { unsafe String(cString: $0) }
    guard let name, let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        print("HOSO_FUZZ_TARGET is one of: \(names)")
        exit(64)
    }
    return target
}()

/// What libFuzzer calls for each input; it sees a crash where something that must hold does not.
@_cdecl("LLVMFuzzerTestOneInput") func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: data, count: count))
    do {
        try target.run(bytes)
    } catch {
        print("\(target.rawValue): \(error)")
        fflush(nil)
        abort()
    }
    return 0
}
