// The commands of the client protocol that this client sends or understands.
#pragma once
#include <cstdint>
#include <string_view>

namespace bench {

enum class Command : uint16_t {
  UNKNOWN = 0,
  ONLINE = 0x0101,
  ONLINE_ACK = 0x0102,
  PING = 0x0105,
  PONG = 0x0106,
  ERROR = 0x010B,
  KICK = 0x0110,
  CHAT = 0x0201,
  CHAT_ACK = 0x0202,
  ROOM_JOIN = 0x0405,
  ROOM_JOIN_ACK = 0x0406,
  ROOM_QUIT = 0x0407,
  ROOM_QUIT_ACK = 0x0408,
  ROOM_CHAT = 0x040B,
  ROOM_CHAT_ACK = 0x040C,
  ROOM_BC = 0x040D,
};

/** The error code of what the gateway has no time or room for. */
constexpr uint64_t kCodeBusy = 10009;

/** JSON names a command; binary frames number it. Anything not listed here is UNKNOWN and ignored (notices, counts). */
struct CommandName {
  Command command;
  std::string_view name;
};

constexpr CommandName kCommandNames[] = {
    {Command::ONLINE, "ONLINE"},       {Command::ONLINE_ACK, "ONLINE-ACK"},
    {Command::PING, "PING"},           {Command::PONG, "PONG"},
    {Command::ERROR, "ERROR"},         {Command::KICK, "KICK"},
    {Command::CHAT, "CHAT"},           {Command::CHAT_ACK, "CHAT-ACK"},
    {Command::ROOM_QUIT, "ROOM-QUIT"}, {Command::ROOM_QUIT_ACK, "ROOM-QUIT-ACK"},
    {Command::ROOM_JOIN, "ROOM-JOIN"}, {Command::ROOM_JOIN_ACK, "ROOM-JOIN-ACK"},
    {Command::ROOM_CHAT, "ROOM-CHAT"}, {Command::ROOM_CHAT_ACK, "ROOM-CHAT-ACK"},
    {Command::ROOM_BC, "ROOM-BC"},
};

constexpr std::string_view nameOf(Command command) {
  for (const auto& row : kCommandNames) {
    if (row.command == command) return row.name;
  }
  return "UNKNOWN";
}

constexpr Command commandNamed(std::string_view name) {
  for (const auto& row : kCommandNames) {
    if (row.name == name) return row.command;
  }
  return Command::UNKNOWN;
}

}  // namespace bench
