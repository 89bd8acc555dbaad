import ArgumentParser
import Crypto
import GRDB
import Logging
import ServiceLifecycle
import Subprocess
import SwiftProtobuf
import Yams
