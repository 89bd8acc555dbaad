import Foundation
import TestSupport
import Testing

/// A real browser without a window.
enum Browser {
    /// What came of opening a page.
    struct Visit: Decodable {
        /// The document, after its script has run.
        let dom: String
        /// The status of HTTP.
        let status: Int
        /// The header of the document, its names in small letters.
        let headers: [String: String]
        /// What the browser complained of.
        let console: [String]
        /// The addresses that it asked.
        let requests: [String]
        /// Pixels across of the window.
        let width: Double
        /// Pixels across of the page.
        let content: Double
    }

    /// Its program, where it is installed.
    static let program: String? = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Opens a page.
    /// - Parameters:
    ///   - text: waits until this stands in the document.
    ///   - name: what a picture of the page is called, in the folder that `HOSO_SCREENSHOTS` names, if it does.
    static func open(
        _ address: String, width: Int = 1_440, language: String = "vi", hasScript: Bool = true,
        until text: String? = nil,
        name: String? = nil
    ) async throws -> Visit {
        let script = Repository.root.appending(path: "Tests/Fixtures/browser.py").path
        var arguments = [script, try #require(program), address, "--width", "\(width)", "--language", language]
        if !hasScript { arguments.append("--without-script") }
        if let text { arguments += ["--until", text] }
        if let name, let folder = ProcessInfo.processInfo.environment["HOSO_SCREENSHOTS"] {
            arguments += ["--screenshot", "\(folder)/\(name)-\(language)-\(width).png"]
        }
        let outcome = try await Program.run(arguments, program: "/usr/bin/python3")
        try #require(outcome.status == 0, "\(outcome.error)")
        return try JSONDecoder().decode(Visit.self, from: Data(outcome.output.utf8))
    }
}
