# SPDX-License-Identifier: Apache-2.0
# How every target of the project is built. Three functions are all a folder needs:
#
#   isogloss_library(core SOURCES ... DEPS ... EXTERNAL ...)   one library per folder, its dependencies listed
#   isogloss_test(core SOURCES ... [DEPS ...])                 the unit tests beside the sources, one binary per folder
#   isogloss_kernels(simd VARIANTS scalar avx2 ... SOURCE x)   a kernel file compiled once per instruction set

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g -fno-omit-frame-pointer")

find_program(ISOGLOSS_CCACHE ccache)
if(ISOGLOSS_CCACHE)
  # Paths below the source tree count from it, so that another checkout finds the same objects.
  set(launcher /usr/bin/env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${ISOGLOSS_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
  set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
endif()
find_program(ISOGLOSS_MOLD mold)
if(ISOGLOSS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
if(ISOGLOSS_SANITIZE)
  add_compile_options(-fsanitize=${ISOGLOSS_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ISOGLOSS_SANITIZE})
endif()
if(ISOGLOSS_BUILD_FUZZ AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-fsanitize=fuzzer-no-link)  # libFuzzer sees which code of the libraries an input reached
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# The libraries are static; the sanitizer presets set BUILD_SHARED_LIBS, for a hundred test binaries that each hold the
# whole engine with its debug information fill 27 GB.

# Warnings are errors in our code; headers of other people are system headers. g++ 12 takes the inactive members of a
# std::variant or std::expected for uninitialised reads, so that one warning is off; clang warns of what libstdc++'s own
# algorithms call, and does not know all names of g++'s warnings.
add_library(isogloss_warnings INTERFACE)
target_compile_options(isogloss_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wcast-qual
                       -Wimplicit-fallthrough -Wvla -Werror $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
                       # clang takes an IG_TRY whose value nobody wants for a forgotten one; g++ finds those that are
                       $<$<CXX_COMPILER_ID:Clang>:-Wno-unused-result>
                       $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations;-Wno-unknown-warning-option>)

# Libraries of the distribution. NAME = the library to link, HEADER proves that its -dev package is there.
function(isogloss_require NAME HEADER PACKAGE)
  find_library(ISOGLOSS_LIB_${NAME} NAMES ${NAME})
  find_path(ISOGLOSS_INC_${NAME} NAMES ${HEADER})
  if(NOT ISOGLOSS_LIB_${NAME} OR NOT ISOGLOSS_INC_${NAME})
    message(FATAL_ERROR "isogloss: ${HEADER} or lib${NAME} is missing. Run script/bootstrap, or: apt-get install ${PACKAGE}")
  endif()
endfunction()
# A library that is headers alone.
function(isogloss_require_header HEADER PACKAGE)
  string(MAKE_C_IDENTIFIER ${HEADER} name)
  find_path(ISOGLOSS_INC_${name} NAMES ${HEADER})
  if(NOT ISOGLOSS_INC_${name})
    message(FATAL_ERROR "isogloss: ${HEADER} is missing. Run script/bootstrap, or: apt-get install ${PACKAGE}")
  endif()
endfunction()
isogloss_require(fmt fmt/format.h libfmt-dev)
isogloss_require(spdlog spdlog/spdlog.h libspdlog-dev)
isogloss_require(simdjson simdjson.h libsimdjson-dev)
isogloss_require(utf8proc utf8proc.h libutf8proc-dev)
isogloss_require(pcre2-8 pcre2.h libpcre2-dev)
isogloss_require(sqlite3 sqlite3.h libsqlite3-dev)
isogloss_require(stemmer libstemmer.h libstemmer-dev)
isogloss_require(zstd zstd.h libzstd-dev)
isogloss_require(roaring roaring/roaring.h libroaring-dev)
isogloss_require(crypto openssl/evp.h libssl-dev)
isogloss_require(ssl openssl/ssl.h libssl-dev)
isogloss_require(curl curl/curl.h libcurl4-openssl-dev)
isogloss_require(z zlib.h zlib1g-dev)
isogloss_require(lzma lzma.h liblzma-dev)
isogloss_require_header(boost/beast.hpp libboost1.81-dev)

# isogloss_library(NAME SOURCES ... [DEPS folder ...] [EXTERNAL library ...])
# DEPS are folders of src/ (written as in architecture.md: core and include/isogloss are always there).
function(isogloss_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;EXTERNAL" ${ARGN})
  add_library(isogloss_${NAME} ${ARG_SOURCES})
  target_include_directories(isogloss_${NAME} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(isogloss_${NAME} PRIVATE $<BUILD_INTERFACE:isogloss_warnings> ${ARG_EXTERNAL})
  if(NOT NAME STREQUAL core)
    target_link_libraries(isogloss_${NAME} PUBLIC isogloss_core)
  endif()
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(isogloss_${NAME} PUBLIC isogloss_${dep})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY ISOGLOSS_LIBRARIES isogloss_${NAME})
endfunction()

# Builds every test with the label "threads", which the thread sanitizer runs.
add_custom_target(threads_tests)

# isogloss_test(NAME SOURCES ... [DEPS folder ...] [LABELS ...] [TIMEOUT s]): GoogleTest binary NAME_test, run as one
# ctest per test suite binary; label "fast" unless told otherwise.
function(isogloss_test NAME)
  if(NOT ISOGLOSS_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS;EXTERNAL" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS fast)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(ISOGLOSS_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 3")  # the limit ends what hangs, and sanitizers take their time
  endif()
  add_executable(${NAME}_test ${ARG_SOURCES})
  target_include_directories(${NAME}_test PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(${NAME}_test PRIVATE isogloss_warnings GTest::gmock GTest::gtest_main ${ARG_EXTERNAL})
  if(TARGET isogloss_${NAME})
    target_link_libraries(${NAME}_test PRIVATE isogloss_${NAME})
  endif()
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(${NAME}_test PRIVATE isogloss_${dep})
  endforeach()
  if("threads" IN_LIST ARG_LABELS)
    add_dependencies(threads_tests ${NAME}_test)
  endif()
  add_test(NAME unit.${NAME} COMMAND ${NAME}_test)
  set_tests_properties(unit.${NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "ISOGLOSS_SOURCE_DIR=${CMAKE_SOURCE_DIR};ISOGLOSS_CACHE=${CMAKE_BINARY_DIR}/test-cache;HF_HUB_CACHE=${CMAKE_BINARY_DIR}/test-hub")
endfunction()

# isogloss_kernels(TARGET SOURCE file.cpp VARIANTS scalar avx2 ...): compiles SOURCE once per variant into TARGET with
# IG_KERNEL_VARIANT=<variant> and that variant's flags. g++ 12 warns wrongly about uninitialised values inside the
# AVX-512 reduce intrinsics, so that one warning is off here and nowhere else.
set(ISOGLOSS_FLAGS_scalar "")
set(ISOGLOSS_FLAGS_avx2 -mavx2 -mfma -mf16c -mbmi2 -mpopcnt)
set(ISOGLOSS_FLAGS_avx512 ${ISOGLOSS_FLAGS_avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd)
set(ISOGLOSS_FLAGS_avx512_bf16 ${ISOGLOSS_FLAGS_avx512} -mavx512bf16 -mavx512vnni -mavx512vbmi -mavx512vpopcntdq)
function(isogloss_kernels TARGET)
  cmake_parse_arguments(ARG "" "SOURCE" "VARIANTS" ${ARGN})
  cmake_path(GET ARG_SOURCE STEM stem)
  foreach(variant IN LISTS ARG_VARIANTS)
    set(object ${TARGET}_${stem}_${variant})
    add_library(${object} OBJECT ${ARG_SOURCE})
    target_include_directories(${object} PRIVATE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${object} PRIVATE isogloss_warnings)
    target_compile_definitions(${object} PRIVATE IG_KERNEL_VARIANT=${variant})
    target_compile_options(${object} PRIVATE -O3 -ffp-contract=off -fno-math-errno -Wno-uninitialized
      -Wno-maybe-uninitialized ${ISOGLOSS_FLAGS_${variant}})
    target_sources(isogloss_${TARGET} PRIVATE $<TARGET_OBJECTS:${object}>)
    set_property(GLOBAL APPEND PROPERTY ISOGLOSS_KERNEL_OBJECTS ${object})
  endforeach()
endfunction()
