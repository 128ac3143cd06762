// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "input/foreign/foreign.hpp"

namespace isogloss::input::foreign {
namespace {

using Read = Result<Document> (*)(const Source& source, Context& context);

Result<Document> read(Read reader, std::string_view content) {
  const ReadOptions options;
  Budget budget;
  Context context;
  return reader({"a.eml", content, options, budget}, context);
}

constexpr std::string_view kMail =
    "From: Ann Port <ann@example.org>\nTo: Office <office@example.org>\nSubject: =?koi8-r?B?8NLJ18XU?=\n"
    "Date: Mon, 05 Feb 2024 10:00:00 +0100\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=q\n\n"
    "--q\nContent-Type: multipart/alternative; boundary=p\n\n--p\nContent-Type: text/plain; "
    "charset=koi8-r\n\n\xCD\xC9\xD2\n"
    "--p\nContent-Type: text/html\n\n<p>peace</p>\n--p--\n"
    "--q\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"notes.md\"\n"
    "Content-Transfer-Encoding: base64\n\nIyBUaWRlcwoKSGlnaCBhdCBub29uLgo=\n"
    "--q\nContent-Disposition: attachment; filename=\"x.png\"\nContent-Transfer-Encoding: "
    "base64\n\niVBORw0KGgo=\n--q--\n";

TEST(Mail, IsItsTextItsHeadersAndItsAttachments) {
  const auto d = read(read_eml, kMail);
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(d->text, "Привет\n\nмир\n\nnotes.md\n\n# Tides\n\nHigh at noon.\n");
  EXPECT_EQ(d->title, "Привет");
  EXPECT_EQ(std::get<std::string>(d->meta.at("from")), "Ann Port <ann@example.org>");
  EXPECT_EQ(std::get<std::string>(d->meta.at("date")), "2024-02-05T10:00:00+0100");
  ASSERT_EQ(d->headings.size(), 3U);
  EXPECT_EQ(d->headings[2].level, 3);
  ASSERT_EQ(d->notes.size(), 1U);
  EXPECT_NE(d->notes[0].find("attachment x.png was left out: 'x.png' is a PNG image"), std::string::npos);
}

TEST(Mail, AnMboxIsARowAMessage) {
  const std::string box = "From a@b Mon Feb  5 10:00:00 2024\n" + std::string(kMail) +
                          "\nFrom c@d Mon Feb  5 10:00:00 2024\nFrom: c@d\nSubject: Two\n\n>From me to you\n";
  const auto d = read(read_mbox, box);
  ASSERT_TRUE(d) << d.error().message;
  ASSERT_EQ(d->rows.size(), 2U);
  EXPECT_EQ(std::get<std::string>(d->rows[1].meta.at("subject")), "Two");
  EXPECT_NE(d->text.substr(d->rows[1].at.begin).find("From me to you"), std::string::npos);
}

TEST(Mail, WhatIsNoneIsSaid) {
  EXPECT_EQ(read(read_mbox, "nothing of the kind").error().code, Code::corrupt_data);
  EXPECT_TRUE(read(read_eml, ""));
}

}  // namespace
}  // namespace isogloss::input::foreign
